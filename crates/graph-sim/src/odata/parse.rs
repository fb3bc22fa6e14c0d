//! From the text of a `$filter` to its expression, by recursive descent of bounded depth.

use super::filter::{Expr, Filter, Op, Operand, Quantifier, TextCall};
use super::lex::{Token, tokens};
use super::{BadQuery, Clause, DEPTH_MAX, EdmType, Literal, PARTS_MAX};

pub(super) fn filter(text: &str) -> Result<Filter, BadQuery> {
    let mut parser = Parser {
        text,
        tokens: tokens(text, Clause::Filter)?,
        at: 0,
        depth: 0,
        parts: 0,
    };
    let expr = parser.either()?;
    match parser.peek() {
        None => Ok(Filter { expr }),
        Some(_) => Err(parser.syntax()),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(usize, Token)>,
    at: usize,
    depth: usize,
    parts: usize,
}

type Parsed<T> = Result<T, BadQuery>;

impl Parser<'_> {
    fn either(&mut self) -> Parsed<Expr> {
        let mut parts = vec![self.both()?];
        while self.takes_word("or") {
            parts.push(self.both()?);
        }
        Ok(only(parts, Expr::Or))
    }

    fn both(&mut self) -> Parsed<Expr> {
        let mut parts = vec![self.term()?];
        while self.takes_word("and") {
            parts.push(self.term()?);
        }
        Ok(only(parts, Expr::And))
    }

    fn term(&mut self) -> Parsed<Expr> {
        self.parts += 1;
        self.depth += 1;
        if self.depth > DEPTH_MAX || self.parts > PARTS_MAX {
            return Err(self.refuse("The expression is too complex."));
        }
        let found = self.term_inside();
        self.depth -= 1;
        found
    }

    fn term_inside(&mut self) -> Parsed<Expr> {
        if self.takes_word("not") {
            return Ok(Expr::Not(Box::new(self.term()?)));
        }
        if self.takes(&Token::Open) {
            let inside = self.either()?;
            self.expect(&Token::Close)?;
            return Ok(inside);
        }
        if let Some(call) = self.text_call() {
            let (subject, text) = self.pair()?;
            return self.held(Expr::Text(call, subject, text));
        }
        if let Some(lambda) = self.lambda()? {
            return Ok(lambda);
        }
        self.comparison()
    }

    /// `startswith(a,'b') eq true` says no more than `startswith(a,'b')`.
    fn held(&mut self, expr: Expr) -> Parsed<Expr> {
        if !self.takes_word("eq") {
            return Ok(expr);
        }
        match self.operand()? {
            Operand::Literal(Literal::Bool(true)) => Ok(expr),
            Operand::Literal(Literal::Bool(false)) => Ok(Expr::Not(Box::new(expr))),
            _ => Err(self.syntax()),
        }
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let left = self.operand()?;
        if self.takes_word("in") {
            return Ok(Expr::In(left, self.list()?));
        }
        match self.operator() {
            Some(op) => Ok(Expr::Compare(left, op, self.operand()?)),
            None if matches!(left, Operand::Literal(Literal::Bool(_)) | Operand::Path(_)) => {
                Ok(Expr::Holds(left))
            }
            None => Err(self.syntax()),
        }
    }

    fn operator(&mut self) -> Option<Op> {
        const OPERATORS: [(&str, Op); 6] = [
            ("eq", Op::Eq),
            ("ne", Op::Ne),
            ("gt", Op::Gt),
            ("ge", Op::Ge),
            ("lt", Op::Lt),
            ("le", Op::Le),
        ];
        OPERATORS
            .into_iter()
            .find_map(|(word, op)| self.takes_word(word).then_some(op))
    }

    fn operand(&mut self) -> Parsed<Operand> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.refuse("The expression is too complex."));
        }
        let found = self.operand_inside();
        self.depth -= 1;
        found
    }

    fn operand_inside(&mut self) -> Parsed<Operand> {
        if self.takes_call("cast") {
            return self.cast();
        }
        if self.takes_call("tolower") || self.takes_call("toupper") {
            let inner = self.operand()?;
            self.expect(&Token::Close)?;
            return Ok(Operand::Folded(Box::new(inner)));
        }
        match self.peek().cloned() {
            Some(Token::Text(text)) => {
                self.at += 1;
                Ok(Operand::Literal(Literal::Text(text)))
            }
            Some(Token::Word(word)) => match Literal::of_word(&word) {
                Some(literal) => {
                    self.at += 1;
                    Ok(Operand::Literal(literal))
                }
                None => Ok(Operand::Path(self.path()?)),
            },
            _ => Err(self.syntax()),
        }
    }

    fn cast(&mut self) -> Parsed<Operand> {
        let inner = self.operand()?;
        self.expect(&Token::Comma)?;
        let name = self.word()?;
        let Some(edm) = EdmType::of_name(&name) else {
            return Err(self.refuse(&format!(
                "The child type '{name}' in a cast was not an entity type. Casts can only be performed on entity types."
            )));
        };
        self.expect(&Token::Close)?;
        Ok(Operand::Cast(Box::new(inner), edm))
    }

    fn path(&mut self) -> Parsed<Vec<String>> {
        let mut path = vec![self.word()?];
        while self.takes(&Token::Slash) {
            path.push(self.word()?);
            if path.len() > DEPTH_MAX {
                return Err(self.refuse("The property path is too long."));
            }
        }
        Ok(path)
    }

    /// `path/any(v:body)`, told from a comparison by looking ahead; nothing is consumed otherwise.
    fn lambda(&mut self) -> Parsed<Option<Expr>> {
        let start = self.at;
        let Ok(mut path) = self.path() else {
            self.at = start;
            return Ok(None);
        };
        let quantifier = match path.last() {
            Some(last) if last.eq_ignore_ascii_case("any") => Quantifier::Any,
            Some(last) if last.eq_ignore_ascii_case("all") => Quantifier::All,
            _ => {
                self.at = start;
                return Ok(None);
            }
        };
        path.pop();
        if path.is_empty() || !self.takes(&Token::Open) {
            self.at = start;
            return Ok(None);
        }
        self.lambda_body(quantifier, path).map(Some)
    }

    fn lambda_body(&mut self, quantifier: Quantifier, path: Vec<String>) -> Parsed<Expr> {
        if quantifier == Quantifier::Any && self.takes(&Token::Close) {
            let variable = String::new();
            return Ok(Expr::Lambda {
                quantifier,
                path,
                variable,
                body: None,
            });
        }
        let variable = self.word()?;
        self.expect(&Token::Colon)?;
        let body = Some(Box::new(self.either()?));
        self.expect(&Token::Close)?;
        Ok(Expr::Lambda {
            quantifier,
            path,
            variable,
            body,
        })
    }

    fn text_call(&mut self) -> Option<TextCall> {
        const CALLS: [(&str, TextCall); 3] = [
            ("startswith", TextCall::StartsWith),
            ("endswith", TextCall::EndsWith),
            ("contains", TextCall::Contains),
        ];
        CALLS
            .into_iter()
            .find_map(|(word, call)| self.takes_call(word).then_some(call))
    }

    fn pair(&mut self) -> Parsed<(Operand, Operand)> {
        let first = self.operand()?;
        self.expect(&Token::Comma)?;
        let second = self.operand()?;
        self.expect(&Token::Close)?;
        Ok((first, second))
    }

    fn list(&mut self) -> Parsed<Vec<Literal>> {
        self.expect(&Token::Open)?;
        let mut list = Vec::new();
        loop {
            match self.operand()? {
                Operand::Literal(literal) => list.push(literal),
                _ => return Err(self.syntax()),
            }
            if list.len() > PARTS_MAX {
                return Err(self.refuse("The list is too long."));
            }
            if !self.takes(&Token::Comma) {
                break;
            }
        }
        self.expect(&Token::Close)?;
        Ok(list)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn takes(&mut self, wanted: &Token) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// Keywords are read in any case, as Graph's resolver does.
    fn takes_word(&mut self, wanted: &str) -> bool {
        let found =
            matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    /// `name(`, both consumed or neither.
    fn takes_call(&mut self, name: &str) -> bool {
        let opens = matches!(self.tokens.get(self.at + 1), Some((_, Token::Open)));
        let found = opens && self.takes_word(name);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: &Token) -> Parsed<()> {
        if self.takes(wanted) {
            Ok(())
        } else {
            Err(self.syntax())
        }
    }

    fn word(&mut self) -> Parsed<String> {
        match self.peek().cloned() {
            Some(Token::Word(word)) => {
                self.at += 1;
                Ok(word)
            }
            _ => Err(self.syntax()),
        }
    }

    fn syntax(&self) -> BadQuery {
        let at = self
            .tokens
            .get(self.at)
            .map_or(self.text.len(), |(at, _)| *at);
        self.refuse(&format!(
            "Syntax error at position {at} in '{}'.",
            self.text
        ))
    }

    fn refuse(&self, reason: &str) -> BadQuery {
        BadQuery::new(Clause::Filter, reason)
    }
}

fn only(mut parts: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.len() {
        1 => parts.remove(0),
        _ => many(parts),
    }
}
