#![allow(unused_must_use, reason = "most keys of a scene only lead to the one that is looked at")]

use proptest::prelude::*;

use crate::{
    domain::note::{Draft, NoteBody, Soap},
    tui::{
        editor::{Editor, EditorEvent, EditorSetting, buffer::Place},
        forms::PatientIdentity,
        harness::{parse, samples},
    },
};

/// An editor with vim's keys on one text; `|` marks the cursor.
fn editor(marked: &str) -> Editor {
    let at = marked.find('|').expect("a cursor");
    let text = marked.replacen('|', "", 1);
    let place = Place::new(text[..at].matches('\n').count(), at - text[..at].rfind('\n').map_or(0, |n| n + 1));
    let draft = Draft { body: NoteBody::Text(text), ..samples::draft(7) };
    let mut editor = Editor::open(draft, PatientIdentity::default());
    editor.set(&EditorSetting { vim: true, ..EditorSetting::default() });
    editor.pages[0].jump(place);
    editor
}

fn press(editor: &mut Editor, keys: &str) -> EditorEvent {
    let now = "2026-11-21T14:00:00Z".parse().unwrap();
    parse(keys).into_iter().fold(EditorEvent::Stay, |_, key| editor.key(key, now))
}

/// The text with the cursor in it.
fn marked(editor: &Editor) -> String {
    let page = &editor.pages[editor.at];
    let mut text = page.text();
    let at = page.cursor();
    text.insert(page.offset(at.line) + at.byte, '|');
    text
}

#[test]
fn the_keys_do_what_who_knows_them_expects() {
    let table: &[(&str, &str, &str)] = &[
        // Motions.
        ("|one two", "l", "o|ne two"),
        ("|one two", "3l", "one| two"),
        ("|one", "9l", "on|e"),
        ("on|e", "hh", "|one"),
        ("|one two three", "2w", "one two |three"),
        ("|one, two", "w", "one|, two"),
        ("|one, two", "W", "one, |two"),
        ("one two |three", "b", "one |two three"),
        ("|one two", "e", "on|e two"),
        ("|one two", "ee", "one tw|o"),
        ("  one t|wo", "0", "|  one two"),
        ("  one t|wo", "^", "  |one two"),
        ("|one two", "$", "one tw|o"),
        ("|é東x", "ll", "é東|x"),
        ("a|b\nc\ndef", "jj", "ab\nc\nd|ef"),
        ("ab\nc\nde|f", "2k", "a|b\nc\ndef"),
        ("ab\n|c\ndef", "gg", "|ab\nc\ndef"),
        ("|ab\nc\n  def", "G", "ab\nc\n  |def"),
        ("|ab\nc\ndef", "2G", "ab\n|c\ndef"),
        ("|one, two; three", "ft", "one, |two; three"),
        ("|one, two, three", "2f,", "one, two|, three"),
        ("|one, two, three", "f,;", "one, two|, three"),
        ("|one, two, three", "f,;,", "one|, two, three"),
        ("|one, two", "t,", "on|e, two"),
        ("|one, two, three", "t,;", "one, tw|o, three"),
        ("one, tw|o", "F,", "one|, two"),
        ("one, tw|o", "T,", "one,| two"),
        ("a\n|b\n\nc\n\nd", "}", "a\nb\n|\nc\n\nd"),
        ("a\nb\n\nc\n\n|d", "{", "a\nb\n\nc\n|\nd"),
        ("|a\n b", "+", "a\n |b"),
        ("a\n b\n|c", "-", "a\n |b\nc"),
        // Operators.
        ("|one two three", "dw", "|two three"),
        ("|one two three", "2dw", "|three"),
        ("|one two three", "d2w", "|three"),
        ("one |two\nthree", "dw", "one| \nthree"),
        ("one |two three", "d$", "one| "),
        ("one t|wo", "d0", "|wo"),
        ("one |two", "db", "|two"),
        ("|one two", "de", "| two"),
        ("|a\nb\nc", "dd", "|b\nc"),
        ("a\n|b\nc", "2dd", "|a"),
        ("a\n|b", "dd", "|a"),
        ("|a", "dd", "|"),
        ("a\n|b\nc\nd", "dj", "a\n|d"),
        ("a\nb\n|c\nd", "dgg", "|d"),
        ("a\n|b\nc", "dG", "|a"),
        ("|one, two", "df,", "| two"),
        ("|one, two", "dt,", "|, two"),
        ("a\n|b\n\nc", "d}", "a\n|\nc"),
        ("|one two", "cwsix<esc>", "si|x two"),
        ("one |two", "ccnew<esc>", "ne|w"),
        ("a\n|b\nc", "ccnew<esc>", "a\nne|w\nc"),
        ("one |two", "Cthree<esc>", "one thre|e"),
        ("one |two", "Snew<esc>", "ne|w"),
        ("|one", "sO<esc>", "|One"),
        ("|one two", "ywP", "one| one two"),
        ("|a\nb", "yyp", "a\n|a\nb"),
        ("|a\nb", "yyP", "|a\na\nb"),
        ("|a\nb\nc", "2yyjp", "a\nb\n|a\nb\nc"),
        ("|a\nb", "ddp", "b\n|a"),
        ("|ab", "xp", "b|a"),
        ("|ab", "yl3p", "aaa|ab"),
        ("|one", "x", "|ne"),
        ("on|e", "x", "o|n"),
        ("|one", "9x", "|"),
        ("on|e", "2X", "|e"),
        ("o|ne two", "D", "|o"),
        ("|a\n\nb", ">>", "  |a\n\nb"),
        ("|a\n\nb", ">G", "  |a\n\n  b"),
        ("   |a", "<<", " |a"),
        // Text objects.
        ("one t|wo three", "diw", "one | three"),
        ("one t|wo three", "daw", "one |three"),
        ("one tw|o", "daw", "on|e"),
        ("one, t|wo.", "ciwsix<esc>", "one, si|x."),
        ("one two|.x three", "diW", "one | three"),
        ("a\nb|b\nc\n\nd", "dip", "|\nd"),
        ("a\nb|b\n\nd", "dap", "|d"),
        // Small changes.
        ("|one", "rO", "|One"),
        ("|one", "2rx", "x|xe"),
        ("|one", "9rx", "|one"),
        ("|one", "2~", "ON|e"),
        ("|one\n  two\nthree", "J", "one| two\nthree"),
        ("|one\n  two\nthree", "3J", "one two| three"),
        // Writing.
        ("o|ne", "ix<esc>", "o|xne"),
        ("o|ne", "ax<esc>", "on|xe"),
        ("  o|ne", "Ix<esc>", "  |xone"),
        ("o|ne", "Ax<esc>", "one|x"),
        ("o|ne\ntwo", "ox<esc>", "one\n|x\ntwo"),
        ("o|ne\ntwo", "Ox<esc>", "|x\none\ntwo"),
        ("|one", "iab<enter>c<esc>", "ab\n|cone"),
        // Visual mode.
        ("|one two", "vwd", "|wo"),
        ("|one two", "ved", "| two"),
        ("one |two", "vbd", "|wo"),
        ("|a\nb\nc", "Vjd", "|c"),
        ("|a\nb\nc", "vjVd", "|c"),
        ("|one two", "veyP", "on|eone two"),
        ("|one two", "vecsix<esc>", "si|x two"),
        ("o|ne two", "viw~", "|ONE two"),
        ("|a\nb\nc", "VjJ", "a| b\nc"),
        ("|a\nb", "Vj>", "  |a\n  b"),
        ("|one two", "vwov<esc>x", "|ne two"),
        ("o|ne", "v<esc>x", "o|e"),
        // Again, and back.
        ("|one two three", "dw.", "|three"),
        ("|a b c d", "dw2.", "|d"),
        ("|one two", "cwx<esc>w.", "x |x"),
        ("|a\nb", "A!<esc>j.", "a!\nb|!"),
        ("|one two", "dwu", "|one two"),
        ("|one two", "cwsix more<esc>u", "|one two"),
        ("|one", "iab cd <esc>u", "|one"),
        ("|one two", "dwu<c-r>", "|two"),
        ("|abc", "xxx3u", "|abc"),
        // What is not meant does nothing.
        ("|one", "dx", "|one"),
        ("|one", "2<esc>x", "|ne"),
        ("|one", "d<esc>x", "|ne"),
        ("|one", "fx", "|one"),
        ("|one", "gzx", "|ne"),
        ("|one two", "/two<enter><esc>x", "one |wo"),
        ("|", "x", "|"),
        ("|", "ddp", "\n|"),
    ];
    for (text, keys, expected) in table {
        let mut editor = editor(text);
        press(&mut editor, keys);
        assert_eq!(marked(&editor), *expected, "{keys} in {text:?}");
    }
}

#[test]
fn esc_ends_what_is_written_and_commands_save_and_hide() {
    let mut editor = editor("|one");
    assert_eq!(press(&mut editor, "ix<esc><esc><esc>"), EditorEvent::Stay);
    assert!(matches!(press(&mut editor, ":w<enter>"), EditorEvent::Autosave(_)));
    assert_eq!(press(&mut editor, ":ls<enter>"), EditorEvent::Others);
    assert_eq!(press(&mut editor, ":nonsense<enter>"), EditorEvent::Stay);
    assert!(matches!(press(&mut editor, "x:q<enter>"), EditorEvent::Close(Some(_))));
    assert!(matches!(press(&mut editor, "xZZ"), EditorEvent::Close(Some(_))));
}

#[test]
fn lines_lead_on_into_the_sections_and_function_keys_stay() {
    let mut editor = editor("|x");
    let soap = Soap { subjective: "a\nb".into(), objective: "c".into(), ..Soap::default() };
    editor = {
        let draft = Draft { body: NoteBody::Soap(soap), ..editor.draft().clone() };
        let mut editor = Editor::open(draft, PatientIdentity::default());
        editor.set(&EditorSetting { vim: true, ..EditorSetting::default() });
        editor
    };
    press(&mut editor, "<f5>gg");
    for (keys, expected) in
        [("j", (0, 1)), ("j", (1, 0)), ("j", (2, 0)), ("kk", (0, 1)), ("<f8>", (3, 0)), ("<backtab>", (2, 0))]
    {
        press(&mut editor, keys);
        assert_eq!((editor.at, editor.pages[editor.at].cursor().line), expected, "{keys}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Undo is the inverse of whatever vim's keys did, and nothing that is typed at random breaks the editor.
    #[test]
    fn undo_is_the_inverse_of_vims_keys(
        pressed in prop::collection::vec(prop::sample::select(vec![
            "h", "j", "k", "l", "w", "b", "e", "0", "$", "G", "gg", "2", "3", "d", "c", "y", "dd", "yy", ">", "<lt", "p", "P", "x",
            "X", "r", "~", "J", "i", "a", "o", "O", "A", "v", "V", ".", "iw", "ap", "f", "t", ";", "{", "}", "<esc>", "<esc>",
            "é", " ", "<enter>", "<bs>", "u", "<c-r>", "D", "S",
        ]), 0..50)
    ) {
        let start = "one two\n  three é 東京\n\nfour, five.";
        let mut editor = editor(&format!("|{start}"));
        for key in pressed {
            press(&mut editor, if key == "<lt" { "<<" } else { key });
        }
        press(&mut editor, "<esc><esc>");
        let steps = editor.done.len();
        for _ in 0..steps {
            press(&mut editor, "u");
        }
        prop_assert_eq!(editor.pages[0].text(), start);
    }
}
