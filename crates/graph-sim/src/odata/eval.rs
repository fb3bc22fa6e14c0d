//! Whether a row passes a filter.

use super::compare::{Datum, compare, folded, same_property_id};
use super::filter::{Expr, Filter, Op, Operand, Quantifier, TextCall};
use serde_json::Value;
use std::borrow::Cow;

/// Something with properties: JSON, or whatever can show single properties without building all of them.
pub trait Row {
    /// The property, or nothing where it is absent or null.
    fn property(&self, name: &str) -> Option<Cow<'_, Value>>;
}

impl Row for Value {
    fn property(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.get(name).map(Cow::Borrowed)
    }
}

impl Row for serde_json::Map<String, Value> {
    fn property(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.get(name).map(Cow::Borrowed)
    }
}

impl Filter {
    /// Whether `row` passes. Absent properties are null.
    pub fn matches(&self, row: &dyn Row) -> bool {
        Scope { row, bound: None }.passes(&self.expr)
    }
}

/// The value at a path below the row, as filters and orders see it.
pub(super) fn at_path<'a>(row: &'a dyn Row, path: &[String]) -> Datum<'a> {
    Datum::of(Scope { row, bound: None }.value(path))
}

/// The row, and the elements that the lambdas around an expression are looking at.
#[derive(Clone, Copy)]
struct Scope<'a> {
    row: &'a dyn Row,
    bound: Option<&'a Bound<'a>>,
}

struct Bound<'a> {
    variable: &'a str,
    element: &'a Value,
    outer: Option<&'a Bound<'a>>,
}

impl<'a> Scope<'a> {
    fn passes(&self, expr: &Expr) -> bool {
        match expr {
            Expr::And(parts) => parts.iter().all(|part| self.passes(part)),
            Expr::Or(parts) => parts.iter().any(|part| self.passes(part)),
            Expr::Not(part) => !self.passes(part),
            Expr::Compare(left, op, right) => self.compares(left, *op, right),
            Expr::In(left, list) => {
                let left = self.datum(left);
                list.iter()
                    .any(|one| compare(&left, Op::Eq, &Datum::of_literal(one)))
            }
            Expr::Text(call, subject, text) => self.reads(*call, subject, text),
            Expr::Lambda {
                quantifier,
                path,
                variable,
                body,
            } => self.quantifies(*quantifier, path, variable, body.as_deref()),
            Expr::Holds(operand) => matches!(self.datum(operand), Datum::Bool(true)),
        }
    }

    fn compares(&self, left: &Operand, op: Op, right: &Operand) -> bool {
        let (a, b) = (self.datum(left), self.datum(right));
        if let (Datum::Text(a), Datum::Text(b)) = (&a, &b)
            && matches!(op, Op::Eq | Op::Ne)
            && is_element_id(left)
        {
            return same_property_id(a, b) == (op == Op::Eq);
        }
        compare(&a, op, &b)
    }

    fn reads(&self, call: TextCall, subject: &Operand, text: &Operand) -> bool {
        let (Datum::Text(subject), Datum::Text(text)) = (self.datum(subject), self.datum(text))
        else {
            return false;
        };
        let subject: String = folded(&subject).collect();
        let text: String = folded(&text).collect();
        match call {
            TextCall::StartsWith => subject.starts_with(&text),
            TextCall::EndsWith => subject.ends_with(&text),
            TextCall::Contains => subject.contains(&text),
        }
    }

    fn quantifies(
        &self,
        quantifier: Quantifier,
        path: &[String],
        variable: &str,
        body: Option<&Expr>,
    ) -> bool {
        let Some(value) = self.value(path) else {
            return quantifier == Quantifier::All;
        };
        let elements = value.as_array().map_or(&[][..], Vec::as_slice);
        let Some(body) = body else {
            return !elements.is_empty();
        };
        let passes = |element: &Value| {
            let bound = Bound {
                variable,
                element,
                outer: self.bound,
            };
            Scope {
                row: self.row,
                bound: Some(&bound),
            }
            .passes(body)
        };
        match quantifier {
            Quantifier::Any => elements.iter().any(passes),
            Quantifier::All => elements.iter().all(passes),
        }
    }

    fn datum<'b>(&self, operand: &'b Operand) -> Datum<'b>
    where
        'a: 'b,
    {
        match operand {
            Operand::Path(path) => Datum::of(self.value(path)),
            Operand::Literal(literal) => Datum::of_literal(literal),
            Operand::Cast(inner, edm) => self.datum(inner).cast(*edm),
            Operand::Folded(inner) => self.datum(inner),
        }
    }

    fn value(&self, path: &[String]) -> Option<Cow<'a, Value>> {
        let (first, rest) = path.split_first()?;
        let root = match self.bound(first) {
            Some(element) => Cow::Borrowed(element),
            None => self.row.property(first)?,
        };
        rest.iter().try_fold(root, step)
    }

    fn bound(&self, name: &str) -> Option<&'a Value> {
        let mut bound = self.bound;
        while let Some(one) = bound {
            if one.variable == name {
                return Some(one.element);
            }
            bound = one.outer;
        }
        None
    }
}

fn step<'a>(value: Cow<'a, Value>, name: &String) -> Option<Cow<'a, Value>> {
    if name == "$count" {
        let count = value.as_array()?.len();
        return Some(Cow::Owned(Value::from(count)));
    }
    match value {
        Cow::Borrowed(value) => value.get(name).map(Cow::Borrowed),
        Cow::Owned(value) => value.get(name).cloned().map(Cow::Owned),
    }
}

/// `ep/id`, as extended properties are asked for.
fn is_element_id(operand: &Operand) -> bool {
    matches!(operand, Operand::Path(path) if path.len() == 2 && path[1] == "id")
}
