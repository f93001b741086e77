//! How a terminal shows pictures, by what its environment announces. Nothing is asked of it: an answer over a slow line would
//! hold the first frame up, and one that comes late is read as keys.

/// Bytes that one picture may take on a line that is as fast as the machine.
const NEAR: usize = 512 * 1024;
/// Bytes that one picture may take over SSH: four seconds at 64 kbit/s, less than the same picture in coloured half blocks.
const FAR: usize = 32 * 1024;

/// In which way pictures are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// Not at all.
    Off,
    /// As coloured half blocks, or letters where there are no colours.
    #[default]
    Blocks,
    /// By kitty's graphics protocol.
    Kitty,
    /// By iTerm2's inline images.
    Iterm2,
    /// By sixel.
    Sixel,
}

/// How pictures are shown and what they may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Means {
    /// In which way.
    pub protocol: Protocol,
    /// Bytes that one picture may take at most; it is made smaller until it does.
    pub bytes: usize,
}

impl Default for Means {
    fn default() -> Self {
        Self { protocol: Protocol::default(), bytes: NEAR }
    }
}

impl Means {
    /// By the setting, one of [`crate::config::PICTURES`], and with `auto` by what the terminal announces in the environment.
    pub fn of(setting: &str, variable: impl Fn(&str) -> Option<String>) -> Self {
        let variable = |name: &str| variable(name).filter(|v| !v.is_empty());
        let protocol = match setting {
            "off" => Protocol::Off,
            "kitty" => Protocol::Kitty,
            "sixel" => Protocol::Sixel,
            "iterm2" => Protocol::Iterm2,
            "auto" => announced(&variable),
            _ => Protocol::Blocks,
        };
        let far = ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"].iter().any(|name| variable(name).is_some());
        Self { protocol, bytes: if far { FAR } else { NEAR } }
    }

    /// Whether pictures are more than cells.
    pub fn graphic(self) -> bool {
        matches!(self.protocol, Protocol::Kitty | Protocol::Iterm2 | Protocol::Sixel)
    }
}

/// What a terminal says of itself. When in doubt half blocks: a sequence that a terminal does not know may be printed as
/// text, and a variable that was inherited from the terminal in which this one was started says nothing about it.
fn announced(variable: &impl Fn(&str) -> Option<String>) -> Protocol {
    let term = variable("TERM").unwrap_or_default();
    // A multiplexer does not know where a picture stands and cannot take it away.
    let multiplexed = ["TMUX", "STY", "ZELLIJ"].iter().any(|name| variable(name).is_some())
        || ["tmux", "screen"].iter().any(|name| term.starts_with(name));
    if multiplexed || variable("NO_COLOR").is_some() {
        return Protocol::Blocks;
    }
    // `TERM` comes along over SSH, and each terminal sets its own.
    match term.as_str() {
        "xterm-kitty" | "xterm-ghostty" => return Protocol::Kitty,
        "foot" | "foot-extra" | "foot-direct" | "mlterm" | "mlterm-256color" => return Protocol::Sixel,
        "xterm-256color" | "xterm-direct" | "wezterm" => {}
        _ => return Protocol::Blocks,
    }
    // Set by terminals that also hand on what they found in their own environment.
    let others = ["XTERM_VERSION", "VTE_VERSION", "ALACRITTY_WINDOW_ID", "KONSOLE_VERSION", "WT_SESSION"];
    if others.iter().any(|name| variable(name).is_some()) {
        return Protocol::Blocks;
    }
    match (variable("TERM_PROGRAM").as_deref(), variable("LC_TERMINAL").as_deref()) {
        (Some("ghostty"), _) => Protocol::Kitty,
        // `LC_TERMINAL` is what iTerm2 sends over SSH, where `TERM_PROGRAM` does not come along.
        (Some("iTerm.app" | "WezTerm"), _) | (None, Some("iTerm2")) => Protocol::Iterm2,
        (None, None) if variable("KITTY_WINDOW_ID").is_some() => Protocol::Kitty,
        _ => Protocol::Blocks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PICTURES;

    fn auto(environment: &[(&str, &str)]) -> Protocol {
        Means::of("auto", |name| environment.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())).protocol
    }

    #[test]
    fn only_a_terminal_that_announces_a_protocol_is_sent_it() {
        let xterm = ("TERM", "xterm-256color");
        for (environment, wanted) in [
            (vec![("TERM", "xterm-kitty"), ("KITTY_WINDOW_ID", "1")], Protocol::Kitty),
            (vec![("TERM", "xterm-kitty"), ("SSH_TTY", "/dev/pts/1")], Protocol::Kitty),
            (vec![("TERM", "xterm-ghostty"), ("TERM_PROGRAM", "ghostty")], Protocol::Kitty),
            (vec![xterm, ("KITTY_WINDOW_ID", "1")], Protocol::Kitty),
            (vec![xterm, ("TERM_PROGRAM", "iTerm.app")], Protocol::Iterm2),
            (vec![xterm, ("LC_TERMINAL", "iTerm2"), ("SSH_TTY", "/dev/pts/1")], Protocol::Iterm2),
            (vec![xterm, ("TERM_PROGRAM", "WezTerm")], Protocol::Iterm2),
            (vec![("TERM", "foot")], Protocol::Sixel),
            (vec![("TERM", "mlterm")], Protocol::Sixel),
            // Who says nothing, what does not come along, and what was only inherited.
            (vec![], Protocol::Blocks),
            (vec![xterm], Protocol::Blocks),
            (vec![xterm, ("TERM_PROGRAM", "Apple_Terminal")], Protocol::Blocks),
            (vec![xterm, ("TERM_PROGRAM", "vscode"), ("KITTY_WINDOW_ID", "1")], Protocol::Blocks),
            (vec![xterm, ("XTERM_VERSION", "XTerm(390)"), ("KITTY_WINDOW_ID", "1")], Protocol::Blocks),
            (vec![xterm, ("VTE_VERSION", "7600"), ("TERM_PROGRAM", "WezTerm")], Protocol::Blocks),
            (vec![("TERM", "linux"), ("KITTY_WINDOW_ID", "1")], Protocol::Blocks),
            (vec![("TERM", "vt220"), ("LC_TERMINAL", "iTerm2")], Protocol::Blocks),
            (vec![("TERM", "dumb")], Protocol::Blocks),
            // Between the terminal and us stands a multiplexer.
            (vec![("TERM", "tmux-256color"), ("TMUX", "/tmp/x"), ("KITTY_WINDOW_ID", "1")], Protocol::Blocks),
            (vec![("TERM", "xterm-kitty"), ("TMUX", "/tmp/x")], Protocol::Blocks),
            (vec![("TERM", "screen.xterm-256color"), ("TERM_PROGRAM", "iTerm.app")], Protocol::Blocks),
            (vec![("TERM", "xterm-kitty"), ("NO_COLOR", "1")], Protocol::Blocks),
        ] {
            assert_eq!(auto(&environment), wanted, "{environment:?}");
        }
    }

    #[test]
    fn the_setting_is_obeyed_and_a_line_that_may_be_slow_gets_fewer_bytes() {
        use Protocol::{Blocks, Iterm2, Kitty, Off, Sixel};
        let of = |word: &&str| Means::of(word, |name| (name == "TMUX").then(|| "/tmp/x".to_owned())).protocol;
        assert_eq!(PICTURES.iter().map(of).collect::<Vec<_>>(), [Blocks, Kitty, Sixel, Iterm2, Blocks, Off]);
        let far = Means::of("sixel", |name| (name == "SSH_CONNECTION").then(|| "192.0.2.1 1 192.0.2.2 22".to_owned()));
        assert!(far.bytes < Means::of("sixel", |_| None).bytes / 4);
    }
}
