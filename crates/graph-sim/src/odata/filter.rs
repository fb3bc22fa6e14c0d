//! The shape of a `$filter`: what was asked, before anything is looked at.

use super::{BadQuery, EdmType, Literal, parse};

/// Checks one property name, and may respell it.
pub type Visit<'a> = dyn FnMut(&mut String) -> Result<(), BadQuery> + 'a;

/// A parsed `$filter`.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    pub expr: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Compare(Operand, Op, Operand),
    In(Operand, Vec<Literal>),
    Text(TextCall, Operand, Operand),
    /// `emailAddresses/any(a:a/address eq 'x')`. Without a body, `any()` asks for one element at least.
    Lambda {
        quantifier: Quantifier,
        path: Vec<String>,
        variable: String,
        body: Option<Box<Expr>>,
    },
    /// A Boolean property on its own.
    Holds(Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextCall {
    StartsWith,
    EndsWith,
    Contains,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    Any,
    All,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A property path, or a lambda's variable followed by one.
    Path(Vec<String>),
    Literal(Literal),
    Cast(Box<Operand>, EdmType),
    /// `tolower(…)` or `toupper(…)`. Text is compared without case anyway.
    Folded(Box<Operand>),
}

impl Filter {
    pub fn parse(text: &str) -> Result<Filter, BadQuery> {
        parse::filter(text)
    }

    /// Shows `visit` every property name that is the row's own (not a lambda variable's), to check or respell.
    pub fn visit_properties(&mut self, visit: &mut Visit<'_>) -> Result<(), BadQuery> {
        self.expr.visit_properties(&mut Vec::new(), visit)
    }

    /// Whether any part is one of those for which the directory wants `ConsistencyLevel: eventual` and
    /// `$count=true` (Graph: aad-advanced-queries): `ne`, `not`, `endswith`, `contains`, an empty `$count`.
    pub fn is_advanced(&self) -> bool {
        self.expr.is_advanced()
    }

    /// The length of the longest `in (…)`.
    pub fn longest_list(&self) -> usize {
        self.expr.longest_list()
    }

    /// The ids of `id eq 'a' or id eq 'b'` or `id in (…)`, if the filter is nothing else. This is all that
    /// a directory delta accepts.
    pub fn ids(&self) -> Option<Vec<&str>> {
        let parts = match &self.expr {
            Expr::Or(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        let ids: Vec<Vec<&str>> = parts.iter().map(Expr::ids).collect::<Option<_>>()?;
        Some(ids.into_iter().flatten().collect())
    }

    /// `(id, value)` of `singleValueExtendedProperties/Any(ep: ep/id eq '…' and ep/value eq '…')`, if the
    /// filter is nothing else: what an index can answer.
    pub fn extended_property(&self) -> Option<(&str, &str)> {
        let Expr::Lambda {
            quantifier: Quantifier::Any,
            path,
            variable,
            body: Some(body),
        } = &self.expr
        else {
            return None;
        };
        let Expr::And(parts) = body.as_ref() else {
            return None;
        };
        if path.len() != 1 || !path[0].eq_ignore_ascii_case("singleValueExtendedProperties") {
            return None;
        }
        match parts.as_slice() {
            [a, b] => Some((a.equals(variable, "id")?, b.equals(variable, "value")?)),
            _ => None,
        }
    }
}

impl Expr {
    fn visit_properties(
        &mut self,
        bound: &mut Vec<String>,
        visit: &mut Visit<'_>,
    ) -> Result<(), BadQuery> {
        match self {
            Expr::And(parts) | Expr::Or(parts) => parts
                .iter_mut()
                .try_for_each(|part| part.visit_properties(bound, visit)),
            Expr::Not(part) => part.visit_properties(bound, visit),
            Expr::Compare(a, _, b) | Expr::Text(_, a, b) => {
                a.visit_property(bound, visit)?;
                b.visit_property(bound, visit)
            }
            Expr::In(a, _) | Expr::Holds(a) => a.visit_property(bound, visit),
            Expr::Lambda {
                path,
                variable,
                body,
                ..
            } => {
                visit_first(path, bound, visit)?;
                let Some(body) = body else { return Ok(()) };
                bound.push(variable.clone());
                let visited = body.visit_properties(bound, visit);
                bound.pop();
                visited
            }
        }
    }

    fn is_advanced(&self) -> bool {
        match self {
            Expr::And(parts) | Expr::Or(parts) => parts.iter().any(Expr::is_advanced),
            Expr::Not(_) | Expr::Compare(_, Op::Ne, _) => true,
            Expr::Text(call, ..) => *call != TextCall::StartsWith,
            Expr::Compare(Operand::Path(path), ..) => {
                path.last().is_some_and(|last| last == "$count")
            }
            Expr::Lambda { body, .. } => body.as_ref().is_some_and(|body| body.is_advanced()),
            _ => false,
        }
    }

    fn longest_list(&self) -> usize {
        match self {
            Expr::And(parts) | Expr::Or(parts) => {
                parts.iter().map(Expr::longest_list).max().unwrap_or(0)
            }
            Expr::Not(part) => part.longest_list(),
            Expr::In(_, list) => list.len(),
            Expr::Lambda { body, .. } => body.as_ref().map_or(0, |body| body.longest_list()),
            _ => 0,
        }
    }

    fn ids(&self) -> Option<Vec<&str>> {
        match self {
            Expr::Compare(Operand::Path(path), Op::Eq, Operand::Literal(id)) if path == &["id"] => {
                Some(vec![id.text()?])
            }
            Expr::In(Operand::Path(path), ids) if path == &["id"] => {
                ids.iter().map(Literal::text).collect()
            }
            _ => None,
        }
    }

    /// The text that `variable/property` is asked to equal, if that is all this says.
    fn equals(&self, variable: &str, property: &str) -> Option<&str> {
        match self {
            Expr::Compare(Operand::Path(path), Op::Eq, Operand::Literal(Literal::Text(text)))
                if path == &[variable, property] =>
            {
                Some(text)
            }
            _ => None,
        }
    }
}

impl Operand {
    fn visit_property(&mut self, bound: &[String], visit: &mut Visit<'_>) -> Result<(), BadQuery> {
        match self {
            Operand::Path(path) => visit_first(path, bound, visit),
            Operand::Cast(inner, _) | Operand::Folded(inner) => inner.visit_property(bound, visit),
            Operand::Literal(_) => Ok(()),
        }
    }
}

impl Literal {
    fn text(&self) -> Option<&str> {
        match self {
            Literal::Text(text) | Literal::Guid(text) => Some(text),
            _ => None,
        }
    }
}

fn visit_first(
    path: &mut [String],
    bound: &[String],
    visit: &mut Visit<'_>,
) -> Result<(), BadQuery> {
    match path.first_mut() {
        Some(first) if !bound.contains(first) => visit(first),
        _ => Ok(()),
    }
}
