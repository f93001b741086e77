//! Where a filed note comes from: what a scribe had written, who wrote the rest, and the fingerprint of the text that was
//! filed. It stays with the note when its draft is gone.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    ids::{DraftId, RecordId},
    note::{Draft, NoteBody},
    patient::redacted_debug,
    scribed::Scribed,
};

/// See the module.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The draft that was filed.
    pub draft: DraftId,
    /// The scribe's session that the draft was made from.
    pub session: Option<RecordId>,
    /// What the scribe had written.
    pub scribe: Option<NoteBody>,
    /// Which sentences of the filed text stood as the scribe wrote them.
    pub scribed: Scribed,
    /// Who filed it.
    pub by: String,
    /// SHA-256 of the text as it was filed, in hexadecimal digits: of one text its UTF-8 bytes, of four parts those of the
    /// JSON list of them in the order of SOAP, without blanks.
    pub sha256: String,
}

impl Origin {
    /// Of a note that is filed from a draft.
    pub fn of(draft: &Draft, by: &str) -> Self {
        Self {
            draft: draft.id,
            session: draft.session,
            scribe: draft.scribe.clone(),
            scribed: draft.scribed.clone(),
            by: by.to_owned(),
            sha256: fingerprint(&draft.body),
        }
    }
}

/// The fingerprint of a text, see [`Origin::sha256`].
pub fn fingerprint(body: &NoteBody) -> String {
    let digest = match body {
        NoteBody::Text(text) => Sha256::digest(text.as_bytes()),
        NoteBody::Soap(soap) => {
            let parts = serde_json::json!([soap.subjective, soap.objective, soap.assessment, soap.plan]);
            Sha256::digest(parts.to_string().as_bytes())
        }
    };
    super::attachment::hex(&digest)
}

redacted_debug!(Origin);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::note::Soap;

    /// Anybody can make the same number: `printf Cough | sha256sum`, `printf '["Cough","","","Rest"]' | sha256sum`.
    #[test]
    fn a_fingerprint_is_of_the_text_as_it_was_filed() {
        let text = fingerprint(&NoteBody::Text("Cough".into()));
        assert_eq!(text, "0decb758f53e7ab25b58564f7cf8e3cb87e961b75a7c93651ab2ddc7b378d8b7");
        let soap = Soap { subjective: "Cough".into(), plan: "Rest".into(), ..Soap::default() };
        assert_eq!(
            fingerprint(&NoteBody::Soap(soap)),
            "83e0b7b652f2ea33617ed98b15284704e20db26929e426e6cff0b78023e85ea4"
        );
    }
}
