//! "Did you mean": the known word that is nearest to what was written.

/// A hint for a word that is not known: the nearest known one, or else all of them.
pub(crate) fn hint<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(near) = nearest(written, &known) {
        return format!("did you mean `{near}`?");
    }
    match known.as_slice() {
        [] => "none is known yet".to_owned(),
        [only] => format!("write `{only}`"),
        many if many.len() <= 20 => format!("known: {}", many.join(", ")),
        _ => "docs/tunnels.md lists them".to_owned(),
    }
}

fn nearest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let written = written.to_lowercase().replace(['-', ' '], "_");
    let spelled = |word: &str| word.to_lowercase().replace(['-', ' '], "_");
    let allowed = (written.chars().count() / 3).max(1);
    known
        .iter()
        .map(|word| (distance(&written, &spelled(word)), *word))
        .filter(|(far, _)| *far <= allowed)
        .min()
        .map(|(_, word)| word)
}

/// Edits (insert, delete, replace, swap of neighbours) from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keyboard_is_understood() {
        assert_eq!(distance("tunnels", "tunnles"), 1);
        assert_eq!(
            nearest("mobilephone", &["mobile_phone", "pager"]),
            Some("mobile_phone")
        );
        assert_eq!(nearest("two-way", &["one-way"]), None);
        assert_eq!(hint("x", ["one", "two"]), "known: one, two");
    }
}
