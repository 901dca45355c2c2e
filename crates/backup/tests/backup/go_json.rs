//! JSON byte for byte as Go writes it.

use std::collections::BTreeMap;

use seawall_backup::go_json::{encode, encoded, item, parse, pretty};
use serde::Serialize;
use serde_json::{Value, json};

fn rewritten(text: &str) -> String {
    String::from_utf8(item(&parse(text.as_bytes()).unwrap())).unwrap()
}

#[test]
fn keys_are_sorted_by_their_bytes_at_every_level() {
    assert_eq!(
        rewritten(r#"{ "b": {"z": 1, "B": 2, "ä": 3, "a.b": 4, "a": 5}, "a": [ {"y":1,"x":2} ] }"#),
        r#"{"a":[{"x":2,"y":1}],"b":{"B":2,"a":5,"a.b":4,"z":1,"ä":3}}"#
    );
}

#[test]
fn what_html_could_trip_over_is_escaped_in_keys_and_values() {
    assert_eq!(
        rewritten(r#"{"<k>&":"a<b>c&d \u2028\u2029 é € 😀 \u007f / \/"}"#),
        "{\"\\u003ck\\u003e\\u0026\":\"a\\u003cb\\u003ec\\u0026d \\u2028\\u2029 é € 😀 \u{7f} / /\"}"
    );
}

#[test]
fn a_character_that_begins_like_a_line_separator_is_left_alone() {
    // U+2027 and U+202A are the neighbours; U+20AC shares only the first byte.
    let text = "\u{2027}\u{2028}\u{202a}\u{20ac}";
    assert_eq!(
        item(&json!(text)),
        "\"\u{2027}\\u2028\u{202a}\u{20ac}\"".as_bytes()
    );
}

#[test]
fn control_characters_have_short_escapes_where_go_has_them() {
    let text: String = (0_u8..0x20).map(char::from).chain(['"', '\\']).collect();
    assert_eq!(
        String::from_utf8(item(&Value::String(text))).unwrap(),
        concat!(
            r#""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#,
            r"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f",
            r#"\"\\""#
        )
    );
}

#[test]
fn numbers_are_integers_of_64_bits_or_doubles_as_go_prints_them() {
    for (read, written) in [
        ("0", "0"),
        ("-1", "-1"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        // One more than fits is a double: the digits that tell it apart, then zeros.
        ("9223372036854775808", "9223372036854776000"),
        ("18446744073709551615", "18446744073709552000"),
        ("123456789012345678901234567890", "1.2345678901234568e+29"),
        ("1.0", "1"),
        ("1e3", "1000"),
        ("0.1", "0.1"),
        ("-0.0", "-0"),
        ("1.5", "1.5"),
        ("100000000000000000000.0", "100000000000000000000"),
        ("1e20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("-1e21", "-1e+21"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("0.000001", "0.000001"),
        ("0.0000012345", "0.0000012345"),
        ("0.000000999", "9.99e-7"),
        ("1e-9", "1e-9"),
        ("1.25e-10", "1.25e-10"),
        ("5e-324", "5e-324"),
        // Two that a reader in a hurry takes for a neighbour.
        ("0.30000000000000004", "0.30000000000000004"),
        ("2.2250738585072011e-308", "2.225073858507201e-308"),
    ] {
        assert_eq!(rewritten(read), written, "{read}");
    }
}

#[test]
fn empty_maps_lists_and_nulls_stay() {
    assert_eq!(
        rewritten(r#"{"a":{},"b":[],"c":null,"d":""}"#),
        r#"{"a":{},"b":[],"c":null,"d":""}"#
    );
}

#[test]
fn of_a_key_that_comes_twice_the_last_counts() {
    assert_eq!(rewritten(r#"{"a":1,"a":2}"#), r#"{"a":2}"#);
}

#[test]
fn what_is_no_json_or_too_deep_is_refused() {
    for text in ["", "{", "{\"a\":1}x", "{'a':1}", "\"\\ud800\"", "nul"] {
        assert!(parse(text.as_bytes()).is_err(), "{text}");
    }
    assert!(parse(b"\"\xff\"").is_err());
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(parse(deep(127).as_bytes()).is_ok());
    assert!(parse(deep(128).as_bytes()).is_err());
}

#[derive(Serialize)]
struct Typed {
    zebra: &'static str,
    apple: f64,
    map: BTreeMap<&'static str, Option<u8>>,
    none: Vec<u8>,
    list: Option<Vec<u8>>,
}

fn typed() -> Typed {
    Typed {
        zebra: "<&>\"\u{1}\u{2028}",
        apple: 1e21,
        map: BTreeMap::from([("b", Some(1)), ("a<", None)]),
        none: Vec::new(),
        list: Some(vec![1, 2]),
    }
}

#[test]
fn typed_values_keep_the_order_of_their_fields_and_end_with_a_newline() {
    assert_eq!(
        String::from_utf8(encoded(&typed()).unwrap()).unwrap(),
        "{\"zebra\":\"\\u003c\\u0026\\u003e\\\"\\u0001\\u2028\",\"apple\":1e+21,\"map\":{\"a\\u003c\":null,\"b\":1},\"none\":[],\"list\":[1,2]}\n"
    );
}

#[test]
fn a_list_that_is_not_there_is_null() {
    assert_eq!(encoded(&None::<Vec<u8>>).unwrap(), b"null\n");
    assert_eq!(encoded(&Some(Vec::<u8>::new())).unwrap(), b"[]\n");
}

#[test]
fn the_pretty_form_indents_by_two_and_has_no_newline_at_its_end() {
    assert_eq!(
        String::from_utf8(pretty(&typed()).unwrap()).unwrap(),
        "{\n  \"zebra\": \"\\u003c\\u0026\\u003e\\\"\\u0001\\u2028\",\n  \"apple\": 1e+21,\n  \"map\": {\n    \"a\\u003c\": null,\n    \"b\": 1\n  },\n  \"none\": [],\n  \"list\": [\n    1,\n    2\n  ]\n}"
    );
    assert_eq!(
        pretty(&json!({"metadata": {}})).unwrap(),
        b"{\n  \"metadata\": {}\n}"
    );
}

#[test]
fn a_writer_that_fails_is_heard() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("full"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    assert!(encode(Full, &1).is_err());
}
