//! Three-way merge by top-level field: what only one side changed merges by itself, the rest is for a person.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// A merge of `mine` and `theirs` over `base`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged<T> {
    /// The result; where both sides changed a field differently it holds `mine`.
    pub result: T,
    /// The fields that both sides changed to different values.
    pub conflicts: Vec<String>,
}

/// Merges by the fields of the type's serde form. A type that does not serialize to an object merges as one field.
pub fn three_way<T: Serialize + DeserializeOwned + Clone>(base: &T, mine: &T, theirs: &T) -> Merged<T> {
    let (Some(base), Some(mine_fields), Some(theirs)) = (fields(base), fields(mine), fields(theirs)) else {
        return Merged { result: mine.clone(), conflicts: Vec::new() };
    };
    let mut result = theirs.clone();
    let mut conflicts = Vec::new();
    for (name, value) in &mine_fields {
        let was = base.get(name);
        if was == Some(value) {
            continue;
        }
        let now = theirs.get(name);
        if now != was && now != Some(value) {
            conflicts.push(name.clone());
        }
        result.insert(name.clone(), value.clone());
    }
    let result = serde_json::from_value(Value::Object(result)).unwrap_or_else(|_| mine.clone());
    Merged { result, conflicts }
}

/// The top-level fields in which `mine` differs from `base`.
pub fn changed<T: Serialize>(base: &T, mine: &T) -> Vec<String> {
    match (fields(base), fields(mine)) {
        (Some(base), Some(mine)) => {
            mine.iter().filter(|(n, v)| base.get(*n) != Some(v)).map(|(n, _)| n.clone()).collect()
        }
        _ => Vec::new(),
    }
}

fn fields<T: Serialize>(value: &T) -> Option<Map<String, Value>> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::patient::Patient;

    fn patient(mrn: &str, gender: &str) -> Patient {
        Patient { mrn: Some(mrn.into()), gender: Some(gender.into()), ..Patient::default() }
    }

    #[test]
    fn fields_that_only_one_side_changed_merge_by_themselves() {
        let merged = three_way(&patient("1", "male"), &patient("2", "male"), &patient("1", "female"));
        assert_eq!(merged.result, patient("2", "female"));
        assert!(merged.conflicts.is_empty());
    }

    #[test]
    fn a_field_that_both_changed_differently_is_a_conflict_and_the_same_change_is_none() {
        let merged = three_way(&patient("1", "male"), &patient("2", "other"), &patient("3", "other"));
        assert_eq!(merged.conflicts, ["mrn"]);
    }
}
