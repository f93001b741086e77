//! From the inbox to hints.

use std::{collections::HashSet, sync::Arc};

use super::{Msg, Store, hands::Hands};
use crate::domain::{
    Source,
    inbox::{Decoded, InboxItem, Undecodable},
};

/// Opens every pending webhook that is not in work already. One that cannot be opened is done at once and kept for support;
/// the others are done when their records were read.
pub(super) async fn look(hands: Arc<Hands>, known: HashSet<u64>) {
    let pending = hands.blocking(Store::pending_webhooks).await.unwrap_or_default();
    for item in pending.into_iter().filter(|item| !known.contains(&item.number)) {
        let (number, vendor, arrived) = (item.number, item.vendor, item.at);
        let told_at = hands.vendors.get(item.vendor).and_then(|vendor| vendor.told_at(&item));
        match open(&hands, item).await {
            Ok(decoded) => {
                if let Some(word) = hands.vendors.get(vendor).and_then(|v| v.account(&decoded.event)) {
                    hands.account(vendor, word, told_at.unwrap_or(arrived)).await;
                }
                let records = hands.apply(decoded.observations, Source::Webhook, None, hands.clock.now()).await;
                let about = decoded.hints.iter().map(|hint| hint.about.clone()).collect();
                hands.blocking(move |store| store.webhook_opened(number, about, records, told_at)).await;
                hands.send(Msg::Opened { number, event: decoded.event, hints: decoded.hints });
            }
            Err(why) => hands.webhook_done(number, Err(why)),
        }
    }
    hands.send(Msg::WebhooksLooked);
}

async fn open(hands: &Hands, item: InboxItem) -> Result<Decoded, Undecodable> {
    let vendor = hands.vendors.get(item.vendor).ok_or(Undecodable::NoKey)?;
    let opened = hands.blocking(move |store| {
        let key = store.webhook_key(item.registration);
        vendor.decode(&item, key.as_ref())
    });
    // A body that makes a decoder stop is of no shape that it knows.
    opened.await.unwrap_or(Err(Undecodable::Shape))
}
