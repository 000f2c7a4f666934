use serde::{Deserialize, Deserializer};

/// Reads a list, or one item alone, or several parted by commas: the latter two are what a variable or a flag holds.
pub(super) fn one_or_many<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: std::str::FromStr,
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Items {
        Many(Vec<String>),
        One(String),
    }
    let parse = |text: &str| {
        let text = text.trim();
        text.parse().map_err(|_| serde::de::Error::custom(format!("{text:?} is not one")))
    };
    match Items::deserialize(deserializer)? {
        Items::Many(list) => list.iter().map(|text| parse(text)).collect(),
        Items::One(text) => text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(parse).collect(),
    }
}
