//! Delimited notes: our text between two lines, the user's own text around them stays.

/// The line before our text.
pub const BEGIN: &str = "-- Almanac begin --";
/// The line after our text.
pub const END: &str = "-- Almanac end --";

/// The notes with our part set to `ours`, or without it when `ours` is `None` or blank. Text outside the
/// delimiters is kept as it is; a new part goes to the end. Several parts of ours (a user copied one) become one.
pub fn merge(notes: &str, ours: Option<&str>) -> String {
    let (mut kept, at) = without_ours(notes);
    let Some(ours) = ours.filter(|text| !text.trim().is_empty()) else {
        while kept.last().is_some_and(|line| line.trim().is_empty()) {
            kept.pop();
        }
        return kept.join("\n");
    };
    let at = at.unwrap_or(kept.len());
    kept.splice(at..at, block(ours));
    kept.join("\n")
}

/// Our part of the notes, if it is there and whole.
pub fn ours(notes: &str) -> Option<String> {
    let lines = lines(notes);
    let (begin, end) = whole_part(&lines)?;
    Some(lines[begin + 1..end].join("\n"))
}

/// The user's lines, and where a part of ours stood among them. Taking one part out may leave another whole
/// one (a user pasted ours into ours), so this goes on until none is left.
fn without_ours(notes: &str) -> (Vec<&str>, Option<usize>) {
    let mut lines = lines(notes);
    let mut at = None;
    while let Some((begin, end)) = whole_part(&lines) {
        lines.drain(begin..=end);
        at = Some(begin);
    }
    (lines, at)
}

/// Every line, the blank ones at the end too, without what servers add to line ends.
fn lines(notes: &str) -> Vec<&str> {
    if notes.is_empty() {
        return Vec::new();
    }
    notes.split('\n').map(str::trim_end).collect()
}

/// The first pair of delimiter lines; a part that a user broke is the user's text.
fn whole_part(lines: &[&str]) -> Option<(usize, usize)> {
    let mut begin = None;
    for (i, line) in lines.iter().enumerate() {
        match (line.trim(), begin) {
            (BEGIN, _) => begin = Some(i),
            (END, Some(begin)) => return Some((begin, i)),
            _ => {}
        }
    }
    None
}

fn block(ours: &str) -> Vec<&str> {
    let inner = ours
        .lines()
        .map(str::trim_end)
        .filter(|line| ![BEGIN, END].contains(&line.trim()));
    std::iter::once(BEGIN)
        .chain(inner)
        .chain(std::iter::once(END))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_users_text_around_ours_stays() {
        let first = merge("met in Oslo", Some("Floor 3"));
        assert_eq!(
            first,
            "met in Oslo\n-- Almanac begin --\nFloor 3\n-- Almanac end --"
        );
        let edited = format!("{first}\ncalls back");
        let second = merge(&edited, Some("Floor 4"));
        assert_eq!(ours(&second).as_deref(), Some("Floor 4"));
        assert_eq!(merge(&second, None), "met in Oslo\ncalls back");
    }

    #[test]
    fn a_broken_part_is_the_users_text() {
        let broken = "a\n-- Almanac begin --\nold";
        assert_eq!(
            merge(broken, Some("new")),
            format!("{broken}\n{BEGIN}\nnew\n{END}")
        );
    }

    proptest! {
        #[test]
        fn merging_twice_changes_nothing_and_taking_back_forgets_us(
            lines in prop::collection::vec(prop_oneof!["[a-c]{0,3}", Just(BEGIN.to_owned()), Just(END.to_owned())], 0..8),
            ours_text in "[x-z\n]{0,6}",
        ) {
            let user = lines.join("\n");
            let once = merge(&user, Some(&ours_text));
            prop_assert_eq!(merge(&once, Some(&ours_text)), once.clone());
            prop_assert_eq!(ours(&merge(&once, None)), None);
        }
    }
}
