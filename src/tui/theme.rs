//! Colours by meaning. A theme is a TOML file of tokens; what a terminal cannot show degrades token by token.

use std::{collections::BTreeMap, fmt, path::Path};

use ratatui::style::{Color, Modifier, Style};
use toml::de::{DeTable, DeValue};

macro_rules! tokens {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)*) => {
        /// What something on the screen means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Token {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl Token {
            /// All tokens.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The token's name in a theme file.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

tokens! {
    /// Ordinary text.
    Text = "text",
    /// Text that may be overlooked.
    Dim = "text.dim",
    /// Text that should be seen.
    Strong = "text.strong",
    /// The header line.
    Header = "header",
    /// The footer's key names.
    Key = "footer.key",
    /// The footer's words.
    Hint = "footer.hint",
    /// The border of a pane.
    Border = "pane.border",
    /// The border of the pane that has the keys.
    BorderFocused = "pane.border.focused",
    /// A pane's title.
    Title = "pane.title",
    /// The marker of the selected row in the pane that has the keys.
    Marker = "row.marker",
    /// The selected row of a pane that does not have the keys.
    MarkerIdle = "row.marker.idle",
    /// The part of a row that matches what was searched.
    Match = "row.match",
    /// Somebody waits.
    Waiting = "status.waiting",
    /// Something goes on.
    Active = "status.active",
    /// Done and good.
    Done = "status.done",
    /// Called off or never happened.
    Off = "status.off",
    /// Not begun.
    Planned = "status.planned",
    /// A wait past the first threshold, a write that is not through.
    Warning = "status.warning",
    /// A wait past the second threshold, a failure.
    Alarm = "status.alarm",
    /// Known from a webhook.
    Webhook = "source.webhook",
    /// Known from a read.
    Read = "source.read",
    /// One's own write that is not acknowledged.
    Own = "source.own",
    /// A field of a form.
    Field = "form.field",
    /// The field that has the keys.
    FieldFocused = "form.field.focused",
    /// A rule that is broken.
    Invalid = "form.invalid",
    /// The border of a layer.
    LayerBorder = "layer.border",
    /// A message that all is well.
    Info = "toast.info",
    /// Charts.
    Chart = "chart",
}

/// How many colours a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None; meaning is carried by bold, dim, underlined and reversed text.
    Mono,
    /// The sixteen of the terminal's own palette.
    Sixteen,
    /// The 256 of the xterm palette.
    Indexed,
    /// All.
    True,
}

impl Depth {
    /// From the environment: `NO_COLOR`, `COLORTERM`, `TERM`.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        if variable("NO_COLOR").is_some_and(|v| !v.is_empty()) {
            return Self::Mono;
        }
        let term = variable("TERM").unwrap_or_default();
        if term.is_empty() || term == "dumb" || term.starts_with("vt1") || term.starts_with("vt2") {
            return Self::Mono;
        }
        if variable("COLORTERM").is_some_and(|v| v == "truecolor" || v == "24bit") {
            return Self::True;
        }
        if term.contains("256color") || term.contains("kitty") || term.contains("ghostty") {
            return Self::Indexed;
        }
        Self::Sixteen
    }
}

/// A style for every token.
#[derive(Debug, Clone)]
pub struct Theme {
    styles: BTreeMap<Token, Style>,
    depth: Depth,
}

/// What is wrong with a theme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeProblem {
    /// The file, or the theme's name.
    pub file: String,
    /// From 1.
    pub line: Option<usize>,
    /// The token.
    pub token: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ThemeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.token.is_empty() {
            write!(f, ": {}", self.token)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ThemeProblem {}

/// The themes that come with wardroom.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../themes/colour-blind.toml")),
    ("sixteen", include_str!("../../themes/sixteen.toml")),
];

impl Theme {
    /// A theme by name, or from a file when the text is a path.
    ///
    /// # Errors
    /// No such theme, or what is wrong with the file, with line and token.
    pub fn load(name: &str, depth: Depth) -> Result<Self, ThemeProblem> {
        let problem = |message: String| ThemeProblem { file: name.into(), line: None, token: String::new(), message };
        if depth == Depth::Mono {
            return Self::parse("mono", built_in("mono").unwrap_or_default(), depth);
        }
        if let Some(text) = built_in(name) {
            return Self::parse(name, text, depth);
        }
        if !name.contains('/') {
            let names = BUILT_IN.iter().map(|(n, _)| *n).collect::<Vec<_>>().join(", ");
            return Err(problem(format!("no such theme; there are {names}, or give the path of a file")));
        }
        let text = std::fs::read_to_string(Path::new(name)).map_err(|e| problem(format!("cannot be read: {e}")))?;
        Self::parse(name, &text, depth)
    }

    /// The style of a token.
    pub fn style(&self, token: Token) -> Style {
        self.styles.get(&token).copied().unwrap_or_default()
    }

    /// How many colours it was made for.
    pub fn depth(&self) -> Depth {
        self.depth
    }

    /// The colour of a picture's point, as near as the terminal shows it.
    pub fn nearest(&self, [r, g, b]: [u8; 3]) -> Color {
        match self.depth {
            Depth::True => Color::Rgb(r, g, b),
            Depth::Indexed => Color::Indexed(nearest_indexed(r, g, b)),
            Depth::Sixteen | Depth::Mono => nearest_sixteen(r, g, b),
        }
    }

    fn parse(file: &str, text: &str, depth: Depth) -> Result<Self, ThemeProblem> {
        let line = |at: usize| Some(memchr::memchr_iter(b'\n', &text.as_bytes()[..at.min(text.len())]).count() + 1);
        let problem = |at: Option<usize>, token: &str, message: String| ThemeProblem {
            file: file.into(),
            line: at.and_then(line),
            token: token.into(),
            message,
        };
        let table = DeTable::parse(text)
            .map_err(|e| problem(e.span().map(|s| s.start), "", e.message().to_owned()))?
            .into_inner();
        let mut styles = BTreeMap::new();
        if let Some(base) = table.get("inherit") {
            let name = base.get_ref().as_str().unwrap_or_default();
            let inherited = built_in(name)
                .ok_or_else(|| problem(Some(base.span().start), "inherit", format!("there is no theme {name:?}")))?;
            styles = Self::parse(name, inherited, depth)?.styles;
        }
        for (name, node) in &table {
            let (name_at, name) = (name.span().start, &**name.get_ref());
            if name == "inherit" {
                continue;
            }
            let Some(token) = Token::ALL.iter().copied().find(|t| t.name() == name) else {
                return Err(problem(Some(name_at), name, "no such token".into()));
            };
            let DeValue::String(spec) = node.get_ref() else {
                return Err(problem(Some(name_at), name, "must be text like \"cyan bold\"".into()));
            };
            let style = parse_style(spec, depth).map_err(|m| problem(Some(node.span().start), name, m))?;
            styles.insert(token, style);
        }
        Ok(Self { styles, depth })
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::load("dark", Depth::Sixteen).unwrap_or(Self { styles: BTreeMap::new(), depth: Depth::Mono })
    }
}

fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(n, _)| *n == name).map(|(_, text)| *text)
}

/// `#7fb4ca bold on #101010`: words for colour and modifiers, `on` before the background. A colour may be followed by a
/// fallback of the sixteen, as in `#7fb4ca/cyan`.
fn parse_style(spec: &str, depth: Depth) -> Result<Style, String> {
    let mut style = Style::new();
    let mut background = false;
    for word in spec.split_whitespace() {
        let modifier = match word {
            "on" => {
                background = true;
                continue;
            }
            "bold" => Some(Modifier::BOLD),
            "dim" => Some(Modifier::DIM),
            "italic" => Some(Modifier::ITALIC),
            "underlined" => Some(Modifier::UNDERLINED),
            "reversed" => Some(Modifier::REVERSED),
            _ => None,
        };
        if let Some(modifier) = modifier {
            style = style.add_modifier(modifier);
            continue;
        }
        let colour = parse_colour(word, depth).ok_or_else(|| format!("{word} is neither a colour nor a modifier"))?;
        if depth > Depth::Mono {
            style = if background { style.bg(colour) } else { style.fg(colour) };
        }
    }
    Ok(style)
}

fn parse_colour(word: &str, depth: Depth) -> Option<Color> {
    let (first, fallback) = match word.split_once('/') {
        Some((first, fallback)) => (first, Some(named(fallback)?)),
        None => (word, None),
    };
    let Some(hex) = first.strip_prefix('#') else { return named(first) };
    if hex.len() != 6 || !hex.is_ascii() {
        return None;
    }
    let part = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).ok();
    let (r, g, b) = (part(0)?, part(2)?, part(4)?);
    Some(match depth {
        Depth::True => Color::Rgb(r, g, b),
        Depth::Indexed => Color::Indexed(nearest_indexed(r, g, b)),
        Depth::Sixteen | Depth::Mono => fallback.unwrap_or_else(|| nearest_sixteen(r, g, b)),
    })
}

fn named(word: &str) -> Option<Color> {
    Some(match word {
        "default" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "bright-white" => Color::White,
        _ => return None,
    })
}

/// The nearest of the xterm palette's colour cube and grey ramp.
fn nearest_indexed(r: u8, g: u8, b: u8) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |v: u8| (0..6).min_by_key(|i| STEPS[*i].abs_diff(v)).unwrap_or(0);
    let (ri, gi, bi) = (step(r), step(g), step(b));
    let distance = |x: (u8, u8, u8)| {
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        square(x.0, r) + square(x.1, g) + square(x.2, b)
    };
    let cube = distance((STEPS[ri], STEPS[gi], STEPS[bi]));
    let mean = ((u16::from(r) + u16::from(g) + u16::from(b)) / 3) as u8;
    let grey = mean.saturating_sub(3).min(230) / 10;
    let level = 8 + grey.min(23) * 10;
    if distance((level, level, level)) < cube { 232 + grey.min(23) } else { (16 + 36 * ri + 6 * gi + bi) as u8 }
}

fn nearest_sixteen(r: u8, g: u8, b: u8) -> Color {
    const TABLE: [(u8, u8, u8, Color); 16] = [
        (0, 0, 0, Color::Black),
        (170, 0, 0, Color::Red),
        (0, 170, 0, Color::Green),
        (170, 85, 0, Color::Yellow),
        (0, 0, 170, Color::Blue),
        (170, 0, 170, Color::Magenta),
        (0, 170, 170, Color::Cyan),
        (170, 170, 170, Color::Gray),
        (85, 85, 85, Color::DarkGray),
        (255, 85, 85, Color::LightRed),
        (85, 255, 85, Color::LightGreen),
        (255, 255, 85, Color::LightYellow),
        (85, 85, 255, Color::LightBlue),
        (255, 85, 255, Color::LightMagenta),
        (85, 255, 255, Color::LightCyan),
        (255, 255, 255, Color::White),
    ];
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    TABLE
        .iter()
        .min_by_key(|(x, y, z, _)| square(*x, r) + square(*y, g) + square(*z, b))
        .map_or(Color::Reset, |(.., colour)| *colour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_that_comes_along_names_every_token_at_every_depth() {
        for (name, text) in BUILT_IN {
            for depth in [Depth::Mono, Depth::Sixteen, Depth::Indexed, Depth::True] {
                let theme = Theme::parse(name, text, depth).unwrap_or_else(|p| panic!("{p}"));
                for token in Token::ALL {
                    assert!(theme.styles.contains_key(token), "{name} lacks {}", token.name());
                }
            }
        }
    }

    #[test]
    fn a_theme_file_is_refused_with_line_and_token() {
        let problem = |text: &str| Theme::parse("mine.toml", text, Depth::True).unwrap_err().to_string();
        assert_eq!(problem("inherit = \"dark\"\n\"text.dmi\" = \"red\"\n"), "mine.toml:2: text.dmi: no such token");
        assert_eq!(problem("\n\ntext = \"mauve\"\n"), "mine.toml:3: text: mauve is neither a colour nor a modifier");
        assert!(problem("text = ").starts_with("mine.toml:1"));
    }

    #[test]
    fn terminals_say_how_many_colours_they_show() {
        let depth = |pairs: &[(&str, &str)]| {
            let pairs: Vec<_> = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            Depth::of(move |name| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()))
        };
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("NO_COLOR", "1"), ("COLORTERM", "truecolor")]), Depth::Mono);
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(depth(&[("TERM", "xterm-256color")]), Depth::Indexed);
        assert_eq!(depth(&[("TERM", "linux")]), Depth::Sixteen);
        assert_eq!(depth(&[("TERM", "screen")]), Depth::Sixteen);
        assert_eq!(depth(&[("TERM", "vt100")]), Depth::Mono);
    }
}
