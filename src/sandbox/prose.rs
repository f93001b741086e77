//! Invented clinical prose, so that a summary reads like one. It says nothing of any real person.

/// A note in four parts.
pub struct Note {
    /// What the patient tells.
    pub subjective: String,
    /// What is found.
    pub objective: String,
    /// What it is taken for.
    pub assessment: String,
    /// What is done next.
    pub plan: String,
}

const ONSET: [&str; 5] = [
    "for about three days",
    "since the weekend",
    "on and off for two weeks",
    "for a month, slowly worse",
    "since last night",
];
const COURSE: [&str; 5] = [
    "Worse in the evening, eased by rest.",
    "Sleep is disturbed; appetite is normal.",
    "No fever, no weight loss, no travel.",
    "Has taken paracetamol twice with some relief.",
    "Work and daily tasks are managed with effort.",
];
const GENERAL: [&str; 4] = [
    "Alert, in no acute distress.",
    "Tired but well oriented.",
    "Comfortable at rest, speaks in full sentences.",
    "Mildly anxious, cooperative.",
];
const EXAM: [&str; 4] = [
    "Breathing unlaboured on video; skin colour normal.",
    "Throat slightly red on self-examination, no exudate seen.",
    "Range of motion full with discomfort at the end.",
    "No swelling or rash visible to the camera.",
];
const VIEW: [&str; 4] = [
    "most likely self-limiting; no warning signs today",
    "stable compared with the last visit",
    "improving under the present treatment",
    "needs one laboratory check before a conclusion",
];
const PLAN: [&str; 4] = [
    "Supportive care, fluids and rest; return if fever passes 39 °C or breath becomes short.",
    "Continue present medication unchanged; follow-up by video in two weeks.",
    "Blood count and CRP within three days, results by telephone.",
    "Physiotherapy referral, ibuprofen 400 mg as needed with food for at most five days.",
];
const SPOKEN: [&str; 4] = [
    "I see. Does anything make it better or worse?",
    "Did you measure a temperature at home?",
    "Are you taking any medicine at the moment?",
    "Has this happened before?",
];

fn pick<'a>(from: &[&'a str], draw: u64, turn: u32) -> &'a str {
    from[(draw.rotate_right(turn * 11) % from.len() as u64) as usize]
}

fn named(reasons: &[String]) -> String {
    if reasons.is_empty() { "a general check-up".into() } else { reasons.join(" and ").to_lowercase() }
}

/// The note that these reasons and this draw give: the same for the same two.
pub fn note(reasons: &[String], draw: u64) -> Note {
    let reason = named(reasons);
    Note {
        subjective: format!("Seen for {reason}, present {}. {}", pick(&ONSET, draw, 0), pick(&COURSE, draw, 1)),
        objective: format!(
            "{} {} Heart rate {}/min by the patient's own count.",
            pick(&GENERAL, draw, 2),
            pick(&EXAM, draw, 3),
            62 + draw % 29
        ),
        assessment: format!("Presentation with {reason}: {}.", pick(&VIEW, draw, 4)),
        plan: pick(&PLAN, draw, 5).to_owned(),
    }
}

/// A conversation of a few lines about these reasons.
pub fn transcript(reasons: &[String], draw: u64) -> String {
    format!(
        "Doctor: What brings you here today?\nPatient: It is {}, {}.\nDoctor: {}\nPatient: {}\nDoctor: Thank you. {}",
        named(reasons),
        pick(&ONSET, draw, 0),
        pick(&SPOKEN, draw, 1),
        pick(&COURSE, draw, 1),
        pick(&PLAN, draw, 5)
    )
}
