//! JSON as a Go server writes it: fields sorted, every number through a double,
//! `<`, `>` and `&` escaped.

use serde_json::Value;

/// A double as Go's `encoding/json` spells it.
pub(crate) fn double(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{value:e}");
        return match text.split_once('e') {
            Some((digits, power)) if !power.starts_with('-') => format!("{digits}e+{power}"),
            _ => text,
        };
    }
    value.to_string()
}

/// A value as the server keeps it when `exact`, as it answers it when not.
pub(crate) fn text(value: &Value, exact: bool) -> String {
    let mut text = String::new();
    write(&mut text, value, exact);
    text
}

fn write(text: &mut String, value: &Value, exact: bool) {
    match value {
        Value::Null | Value::Bool(_) => text.push_str(&value.to_string()),
        Value::Number(number) if exact => text.push_str(&number.to_string()),
        Value::Number(number) => text.push_str(&double(number.as_f64().unwrap_or(f64::NAN))),
        Value::String(string) => quote(text, string),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write(text, item, exact);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (at, (key, field)) in fields.into_iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                quote(text, key);
                text.push(':');
                write(text, field, exact);
            }
            text.push('}');
        }
    }
}

fn quote(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ if u32::from(character) < 0x20 => {
                text.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => text.push(character),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_come_back_as_doubles() {
        let answer = |text_sent: &str| text(&serde_json::from_str::<Value>(text_sent).unwrap(), false);
        for (sent, back) in [
            ("1795406299", "1795406299"),
            ("9007199254740993", "9007199254740992"),
            ("1.10", "1.1"),
            ("2.0", "2"),
            ("1e21", "1e+21"),
            ("0.0000001", "1e-7"),
            ("18446744073709551615", "18446744073709552000"),
        ] {
            assert_eq!(answer(sent), back);
        }
    }

    #[test]
    fn markup_is_escaped_and_fields_are_sorted() {
        assert_eq!(
            text(&json!({"b": "<&>", "a": [1, null]}), true),
            r#"{"a":[1,null],"b":"\u003c\u0026\u003e"}"#
        );
    }
}
