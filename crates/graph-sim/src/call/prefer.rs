//! The `Prefer` header (RFC 7240) as Graph uses it.

/// The preferences of a call; several headers and comma lists are one list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefer {
    /// `IdType="ImmutableId"`.
    pub immutable_ids: bool,
    /// `odata.maxpagesize=N`.
    pub max_page_size: Option<usize>,
    /// `return=minimal` or `return=representation`.
    pub returns: Option<String>,
    /// Everything, name in lower case and value without quotes.
    pub all: Vec<(String, String)>,
}

impl Prefer {
    pub fn read(headers: &[(String, String)]) -> Prefer {
        let mut prefer = Prefer::default();
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("prefer") {
                value.split(',').for_each(|one| prefer.add(one.trim()));
            }
        }
        prefer
    }

    fn add(&mut self, one: &str) {
        let (name, value) = one.split_once('=').unwrap_or((one, ""));
        let (name, value) = (
            name.trim().to_ascii_lowercase(),
            value.trim().trim_matches('"'),
        );
        match name.as_str() {
            "idtype" => self.immutable_ids = value.eq_ignore_ascii_case("ImmutableId"),
            "odata.maxpagesize" => self.max_page_size = value.parse().ok().filter(|n| *n > 0),
            "return" => self.returns = Some(value.to_ascii_lowercase()),
            _ => {}
        }
        self.all.push((name, value.to_owned()));
    }

    /// `return=minimal`: a delta shows only what changed.
    pub fn minimal(&self) -> bool {
        self.returns.as_deref() == Some("minimal")
    }

    /// The `Preference-Applied` header for the preferences that Graph confirms.
    pub fn applied(&self) -> Option<String> {
        let mut applied = Vec::new();
        if self.immutable_ids {
            applied.push("IdType=\"ImmutableId\"".to_owned());
        }
        if let Some(n) = self.max_page_size {
            applied.push(format!("odata.maxpagesize={n}"));
        }
        if let Some(returns) = &self.returns {
            applied.push(format!("return={returns}"));
        }
        (!applied.is_empty()).then(|| applied.join(","))
    }
}
