use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Feeds the pieces; the text and how it ended.
fn read(pieces: &[&[u8]]) -> (String, Ended) {
    let (mut reader, mut text) = (Reader::default(), String::new());
    for piece in pieces {
        let flow = reader.push(piece, &mut |part| {
            text.push_str(part);
            ControlFlow::Continue(())
        });
        assert_eq!(flow, ControlFlow::Continue(()));
    }
    (text, reader.end())
}

fn whole(text: &str) -> (String, Ended) {
    read(&[text.as_bytes()])
}

const FINE: Ended = Ended { unread: 0, cut: false, refused: None, said: true };

#[test]
fn lines_of_data_and_bare_objects_are_read_alike() {
    for stream in [
        "data: {\"data\":\"Sub\"}\n\ndata: {\"data\":\"jective: \"}\n\n",
        "data: {\"data\":\"Sub\"}\r\n\r\ndata:{\"data\":\"jective: \"}\r\n\r\ndata: [DONE]\r\n\r\n",
        "{\"data\":\"Sub\"}\n{\"data\":\"jective: \"}\n",
        "{\"data\":\"Sub\"}{\"data\":\"jective: \"}",
        "[{\"data\":\"Sub\"},\n{\"data\":\"jective: \"}]",
        ": a comment\nevent: piece\nid: 7\ndata: {\"data\":\ndata: \"Sub\"}\n\nretry: 3\ndata: {\"content\":\"jective: \"}\n",
        "data: \"Sub\"\n\ndata: {\"data\":{\"text\":\"jective: \"}}\n\ndata: {\"done\":true}\n\n",
        "\u{feff}{\n  \"text\": \"Sub\"\n}\n{\n  \"delta\": \"jective: \",\n  \"extra\": [{\"d\": \"}\\\"\"}]\n}",
    ] {
        assert_eq!(whole(stream), ("Subjective: ".into(), FINE), "{stream}");
    }
}

#[test]
fn a_stream_that_stops_half_way_says_so_and_what_came_is_there() {
    let bytes = "data: {\"data\":\"Rest\"}\n\ndata: {\"data\":\"gr\u{f6}\u{df}er\"}".as_bytes();
    let middle_of_a_character = bytes.iter().position(|b| *b == 0xc3).unwrap() + 1;
    for end in [bytes.len() - 1, middle_of_a_character] {
        let (text, ended) = read(&[&bytes[..end]]);
        assert_eq!((text.as_str(), ended.cut), ("Rest", true));
    }
    assert!(!read(&[bytes]).1.cut);
    assert!(!whole("").1.said);
}

#[test]
fn what_cannot_be_read_is_counted_and_what_follows_is_not_lost() {
    let (text, ended) = whole("data: {\"data\":\"a\"}\n\ndata: {oops}\n\ndata: words\n\ndata: {\"data\":\"b\"}\n\n");
    assert_eq!((text.as_str(), ended.unread, ended.cut), ("ab", 2, false));
    let (text, ended) = whole("{\"data\":\"\\ud83d\"}{\"data\":\"b\"}");
    assert_eq!((text.as_str(), ended.unread), ("b", 1), "half of a surrogate pair");
}

#[test]
fn a_refusal_within_the_stream_is_told() {
    let (text, ended) =
        whole("data: {\"data\":\"a\"}\n\ndata: {\"detail\":{\"msg\":\"no credit left\",\"type\":\"x\"}}\n\n");
    assert_eq!((text.as_str(), ended.refused.as_deref()), ("a", Some("no credit left")));
}

#[test]
fn a_receiver_that_has_enough_ends_it() {
    let mut reader = Reader::default();
    let flow = reader.push(b"{\"data\":\"a\"}{\"data\":\"b\"}", &mut |_| ControlFlow::Break(()));
    assert_eq!(flow, ControlFlow::Break(()));
}

/// A piece as one of the ways in which it may be written.
fn framed(way: usize, text: &str) -> String {
    let object = json!({ "data": text });
    match way {
        0 => format!("data: {object}\n\n"),
        1 => format!("data: {object}\r\n\r\n"),
        2 => format!("{object}\n"),
        3 => object.to_string(),
        4 => serde_json::to_string_pretty(&object).unwrap() + "\n",
        5 => serde_json::to_string_pretty(&object)
            .unwrap()
            .lines()
            .map(|line| format!("data: {line}\n"))
            .chain(["\n".to_owned()])
            .collect(),
        _ => format!("event: piece\ndata:{object}\n\n: beat\n\n"),
    }
}

proptest! {
    #[test]
    fn however_it_is_written_and_cut_the_text_is_the_same(
        pieces in prop::collection::vec((0_usize..7, any::<String>()), 0..12),
        cuts in prop::collection::vec(1_usize..9, 0..200),
    ) {
        let stream: String = pieces.iter().map(|(way, text)| framed(*way, text)).collect();
        let text: String = pieces.iter().map(|(_, text)| text.as_str()).collect();
        let (mut rest, mut cut) = (stream.as_bytes(), Vec::new());
        for at in cuts {
            let (head, tail) = rest.split_at(at.min(rest.len()));
            cut.push(head);
            rest = tail;
        }
        cut.push(rest);
        let (read, ended) = read(&cut);
        prop_assert_eq!(&read, &text);
        prop_assert_eq!((ended.unread, ended.cut, ended.said), (0, false, !text.is_empty()));
    }

    #[test]
    fn whatever_comes_is_no_panic_and_never_more_than_came(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (text, _) = read(&[&bytes]);
        prop_assert!(text.len() <= bytes.len() * 3);
    }
}
