//! What is JSON, what is not, and that reading what was written gives the same.

use deskhand_extension_sdk::{json, record, FromJson, Json, ToJson};

fn read(text: &str) -> Json {
    Json::parse(text).unwrap_or_else(|words| panic!("{text}: {words}"))
}

#[test]
fn what_is_written_reads_the_same() {
    for text in [
        r#"null"#,
        r#"[]"#,
        r#"{}"#,
        r#"[true,false,null,0,-0.5,1e9,12345678901234567890,"é€漢字🙂"]"#,
        r#"{"a":{"b":[{"c":"\"\\\n\u0001"}]},"a b":""}"#,
    ] {
        assert_eq!(read(text).to_string(), text);
    }
    assert_eq!(read(" { \"a\" : [ 1 , 2 ] } ").to_string(), r#"{"a":[1,2]}"#);
}

#[test]
fn escapes_stand_for_their_characters() {
    let found = read(r#""\ud83d\ude42 \u00e9 \/ \b\f\n\r\t \ud83d \ude42 \ud83d\u0041""#);
    assert_eq!(found, Json::Text("🙂 é / \u{8}\u{c}\n\r\t \u{fffd} \u{fffd} \u{fffd}A".into()));
}

#[test]
fn what_is_no_json_is_refused_and_never_panics() {
    let bad = [
        "", " ", "{", "[", "[1,]", "[,1]", "[1 2]", "{1:2}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "01", "-", "1.", "1e", ".5", "+1", "nul",
        "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u+123\"", "\"\u{1}\"", "1 1", "é", "\"\\u12é\"", "\\", "[1}",
    ];
    for text in bad {
        assert!(Json::parse(text).is_err(), "{text:?} was read as {:?}", Json::parse(text));
    }
    let whole = r#"{"a":[1.5e3,"\ud83d\ude42é",true,null],"b":{}}"#;
    for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        assert!(Json::parse(&whole[..end]).is_err(), "{}", &whole[..end]);
    }
    assert!(Json::parse(&"[".repeat(100_000)).unwrap_err().contains("nested"));
    assert!(Json::parse(&format!("{}{}", "[".repeat(128), "]".repeat(128))).is_ok());
}

record! {
    struct Line {
        pieces: u8,
        price: Option<i64>,
        r#type: String = "sale".into(),
    }
}

record! {
    struct Order {
        lines: Vec<Line>,
    }
}

fn order(text: &str) -> Result<Order, String> {
    Order::from_json(&read(text))
}

#[test]
fn a_record_says_which_field_is_wrong() {
    let found = order(r#"{"lines":[{"pieces":3,"more":1}]}"#).unwrap();
    assert_eq!(found.to_json(), json!({ "lines": [{ "pieces": 3, "price": null, "type": "sale" }] }));
    for (text, words) in [
        (r#"{}"#, "lines is missing"),
        (r#"[]"#, "a list where an object is expected"),
        (r#"{"lines":{}}"#, "lines: an object where a list is expected"),
        (r#"{"lines":[{"pieces":1},{}]}"#, "lines: [1]: pieces is missing"),
        (r#"{"lines":[{"pieces":256}]}"#, "lines: [0]: pieces: 256 is no whole number from 0 to 255"),
        (r#"{"lines":[{"pieces":1.5}]}"#, "lines: [0]: pieces: 1.5 is no whole number from 0 to 255"),
        (r#"{"lines":[{"pieces":1,"price":"2"}]}"#, "lines: [0]: price: a text where a number is expected"),
    ] {
        assert_eq!(order(text).unwrap_err(), words);
    }
}

#[test]
fn the_largest_numbers_are_not_rounded() {
    assert_eq!(u64::from_json(&read("18446744073709551615")), Ok(u64::MAX));
    assert_eq!(i64::from_json(&read("-9223372036854775808")), Ok(i64::MIN));
    assert!(i64::from_json(&read("9223372036854775808")).is_err());
    assert_eq!(0.1_f64.to_json().to_string(), "0.1");
    assert_eq!(f64::NAN.to_json(), Json::Null);
}
