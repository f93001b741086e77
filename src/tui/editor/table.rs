//! The editor's keys, by what they are for: help and `docs/KEYS.md` are made from it. A test holds it together with what the keys
//! do.

/// A heading, and its keys with what they do.
pub type Group = (&'static str, &'static [(&'static str, &'static str)]);

/// Every key of the editor.
pub const KEYS: &[Group] = &[
    (
        "Writing a note",
        &[
            ("esc", "Save and hide the note; it stays open with its undo. With vim's keys `:q` does that."),
            ("f1", "What the keys do."),
            ("f2 ctrl-s", "File the note: shows whom it is about and what is odd about it, then enter files it."),
            ("f12", "The other drafts that are open, to go on with one of them."),
            ("f9 ctrl-u", "Take back what was done last."),
            ("f10 ctrl-r", "Do again what was taken back."),
            (
                "tab",
                "On to the next {{field}}, or the next section; after `.name` put the snippet or template of this name in.",
            ),
            ("backtab", "To the section before."),
            ("f5-f8 alt-1-alt-4", "To Subjective, Objective, Assessment, Plan."),
            ("left right up down", "Move; up and down by rows of the screen, on into the next section."),
            ("ctrl-left ctrl-right alt-left alt-right", "Move by words."),
            ("home end ctrl-a ctrl-e", "To the beginning or the end of the row."),
            ("ctrl-home ctrl-end", "To the beginning or the end of the section."),
            ("pgup pgdn", "Move by screenfuls."),
            ("enter", "A new line."),
            ("bs del", "Take the character before or at the cursor away."),
            ("ctrl-w ctrl-bs alt-bs", "Take the word before the cursor away."),
            ("ctrl-k", "Take the rest of the line away."),
        ],
    ),
    (
        "Finding and replacing in a note",
        &[
            ("f3", "Find: type what is looked for; either case counts."),
            ("f4 shift-f4", "To the next place, or the one before, without typing it again."),
            ("enter down", "While finding: to the next place."),
            ("up", "While finding or replacing: to the place before."),
            ("tab", "While finding: type what is to stand there instead. While replacing: back to what is looked for."),
            ("enter", "While replacing: replace this place and go to the next."),
            ("down f4", "While replacing: leave this place and go to the next."),
            ("f5", "While replacing: replace all of them; f9 takes all of it back."),
            ("esc", "Write on."),
        ],
    ),
    (
        "Before a note is filed",
        &[
            ("enter y f", "File it."),
            ("esc n", "Write on."),
            ("esc", "While it is filed, twice: leave it to be filed."),
        ],
    ),
    (
        "Reading a note",
        &[
            ("esc q", "Close it."),
            ("/ f3", "Find."),
            ("n N", "To the next place, or the one before."),
            ("j k down up", "By rows."),
            ("space pgdn pgup", "By screenfuls."),
            ("tab backtab", "To the next section, or the one before."),
        ],
    ),
    (
        "Writing with vim's keys ([editor] vim = true)",
        &[
            (
                "h j k l",
                "Move by characters and lines; j and k go on into the next section. Counts go before all of these.",
            ),
            ("gj gk", "Move by rows of the screen."),
            ("w b e W B E", "Move by words; the large letters by what stands between blanks."),
            ("0 ^ $ home end", "To the beginning, the first word, the end of the line."),
            ("gg G", "To the first line, the last, or the one of this number."),
            ("+ - enter", "To the first word of a line below or above."),
            ("{ }", "To the paragraph before, the next one."),
            ("f t F T ; ,", "To a character of the line, or beside it; again, or back."),
            ("/ n N", "Find; to the next place, or the one before."),
            (
                "d c y > <",
                "Take away, change, copy, indent, indent less: to where a motion leads, twice for whole lines.",
            ),
            (
                "iw aw iW aW ip ap",
                "After those, or while picking: a word, a paragraph, with the blanks around it or without.",
            ),
            ("x X D C s S Y", "Short for dl, dh, d$, c$, cl, cc, yy."),
            ("p P", "Put in what was taken away or copied, behind or before the cursor."),
            ("r ~ J", "Put a character in place of another, swap its case, join lines."),
            (
                "i a I A o O",
                "Write: before, behind, at the line's beginning or end, in a line below or above. esc ends it.",
            ),
            ("v V", "Pick characters or lines; o goes to the other end, and d c y > < x s ~ J do it."),
            ("u ctrl-r", "Take back, do again; all that was written at once is one step."),
            (".", "Do the last change once more."),
            (":w :q :wq :x ZZ ZQ", "Save now; save and hide."),
            (":ls", "The other drafts that are open."),
        ],
    ),
];
