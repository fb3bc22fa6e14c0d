//! The narrow seam to a database engine: bind, run, decode. Verbs are plain functions over one [`Db`].

use crate::content::Shelf;
use crate::error::{Result, StoreError};
use crate::seal::Seal;
use crate::sql::Statement;
use model::{CatalogId, ContentId, EntryId, MemberId, RunId, TenantName, Timestamp};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

/// One connection inside one transaction, with what verbs need beside it.
pub(crate) struct Db<'a> {
    pub(crate) connection: &'a rusqlite::Connection,
    pub(crate) place: &'a str,
    pub(crate) seal: &'a dyn Seal,
    pub(crate) shelf: &'a Shelf,
}

impl Db<'_> {
    /// Runs a statement that returns no rows; the answer is how many rows it changed.
    pub(crate) fn run(&self, statement: Statement, args: &[Arg]) -> Result<usize> {
        let run = || {
            let mut prepared = self.connection.prepare_cached(statement.sqlite)?;
            bind(&mut prepared, args)?;
            prepared.raw_execute()
        };
        run().map_err(|e| self.failed(&e))
    }

    /// Reads every row.
    pub(crate) fn rows<T>(
        &self,
        statement: Statement,
        args: &[Arg],
        mut read: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.each(statement, args, |row| {
            all.push(read(row)?);
            Ok(())
        })?;
        Ok(all)
    }

    /// Visits every row in order.
    pub(crate) fn each(
        &self,
        statement: Statement,
        args: &[Arg],
        mut visit: impl FnMut(&Row) -> Result<()>,
    ) -> Result<()> {
        let failed = |e: rusqlite::Error| self.failed(&e);
        let mut prepared = self
            .connection
            .prepare_cached(statement.sqlite)
            .map_err(failed)?;
        bind(&mut prepared, args).map_err(failed)?;
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next().map_err(failed)? {
            visit(&Row {
                row,
                place: self.place,
            })?;
        }
        Ok(())
    }

    /// Reads the first row, if there is one. The statement is still run to its end, as RETURNING needs it.
    pub(crate) fn first<T>(
        &self,
        statement: Statement,
        args: &[Arg],
        mut read: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut found = None;
        self.each(statement, args, |row| {
            if found.is_none() {
                found = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Reads one whole number from a statement that always answers one, such as a count.
    pub(crate) fn number(&self, statement: Statement, args: &[Arg]) -> Result<i64> {
        let found = self.first(statement, args, |row| row.int(0))?;
        found.ok_or_else(|| StoreError::damaged(self.place, "a count without an answer"))
    }

    fn failed(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::sqlite(self.place, error)
    }
}

fn bind(prepared: &mut rusqlite::Statement, args: &[Arg]) -> rusqlite::Result<()> {
    for (at, arg) in args.iter().enumerate() {
        prepared.raw_bind_parameter(at + 1, arg)?;
    }
    Ok(())
}

/// One row of an answer; columns are counted from 0.
pub(crate) struct Row<'a> {
    row: &'a rusqlite::Row<'a>,
    place: &'a str,
}

impl Row<'_> {
    fn get<T: rusqlite::types::FromSql>(&self, at: usize) -> Result<T> {
        self.row
            .get(at)
            .map_err(|e| StoreError::sqlite(self.place, &e))
    }

    pub(crate) fn int(&self, at: usize) -> Result<i64> {
        self.get(at)
    }

    pub(crate) fn opt_int(&self, at: usize) -> Result<Option<i64>> {
        self.get(at)
    }

    pub(crate) fn small(&self, at: usize) -> Result<u32> {
        self.get(at)
    }

    pub(crate) fn count(&self, at: usize) -> Result<u64> {
        self.get(at)
    }

    pub(crate) fn flag(&self, at: usize) -> Result<bool> {
        Ok(self.int(at)? != 0)
    }

    pub(crate) fn text(&self, at: usize) -> Result<String> {
        self.get(at)
    }

    pub(crate) fn opt_text(&self, at: usize) -> Result<Option<String>> {
        self.get(at)
    }

    pub(crate) fn at(&self, at: usize) -> Result<Timestamp> {
        self.int(at).map(Timestamp)
    }

    pub(crate) fn opt_at(&self, at: usize) -> Result<Option<Timestamp>> {
        Ok(self.opt_int(at)?.map(Timestamp))
    }

    /// Bytes that stay with the row; `None` for NULL.
    pub(crate) fn opt_bytes(&self, at: usize) -> Result<Option<&[u8]>> {
        let value = self
            .row
            .get_ref(at)
            .map_err(|e| StoreError::sqlite(self.place, &e))?;
        match value {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) => Ok(Some(bytes)),
            _ => Err(self.unreadable("bytes")),
        }
    }

    pub(crate) fn bytes(&self, at: usize) -> Result<&[u8]> {
        self.opt_bytes(at)?.ok_or_else(|| self.unreadable("bytes"))
    }

    fn wide(&self, at: usize) -> Result<Option<u128>> {
        let Some(bytes) = self.opt_bytes(at)? else {
            return Ok(None);
        };
        let bytes: [u8; 16] = bytes.try_into().map_err(|_| self.unreadable("an id"))?;
        Ok(Some(u128::from_be_bytes(bytes)))
    }

    pub(crate) fn entry(&self, at: usize) -> Result<EntryId> {
        self.opt_entry(at)?.ok_or_else(|| self.unreadable("an id"))
    }

    pub(crate) fn opt_entry(&self, at: usize) -> Result<Option<EntryId>> {
        Ok(self.wide(at)?.map(EntryId))
    }

    pub(crate) fn catalog(&self, at: usize) -> Result<CatalogId> {
        let id = self.wide(at)?.map(CatalogId);
        id.ok_or_else(|| self.unreadable("an id"))
    }

    /// A word of ours, such as a state.
    pub(crate) fn word<T: serde::de::DeserializeOwned>(&self, at: usize) -> Result<T> {
        serde_json::from_value(serde_json::Value::String(self.text(at)?))
            .map_err(|e| self.unreadable(&e.to_string()))
    }

    pub(crate) fn opt_word<T: serde::de::DeserializeOwned>(&self, at: usize) -> Result<Option<T>> {
        match self.opt_text(at)? {
            None => Ok(None),
            Some(_) => self.word(at).map(Some),
        }
    }

    /// A value kept as JSON text.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, at: usize) -> Result<T> {
        serde_json::from_str(&self.text(at)?).map_err(|e| self.unreadable(&e.to_string()))
    }

    pub(crate) fn opt_json<T: serde::de::DeserializeOwned>(&self, at: usize) -> Result<Option<T>> {
        match self.opt_text(at)? {
            None => Ok(None),
            Some(text) => serde_json::from_str(&text)
                .map(Some)
                .map_err(|e| self.unreadable(&e.to_string())),
        }
    }

    pub(crate) fn unreadable(&self, what: &str) -> StoreError {
        StoreError::damaged(self.place, format!("a row does not read as {what}"))
    }
}

/// One value to bind.
pub(crate) enum Arg<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Owned(String),
    Bytes(&'a [u8]),
    Wide([u8; 16]),
}

impl ToSql for Arg<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(n) => ValueRef::Integer(*n),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Owned(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Wide(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl<'a, T> From<Option<T>> for Arg<'a>
where
    Arg<'a>: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

macro_rules! binds {
    ($($from:ty => |$value:ident| $to:expr;)*) => {$(
        impl<'a> From<$from> for Arg<'a> {
            fn from($value: $from) -> Self { $to }
        }
    )*};
}

binds! {
    i64 => |n| Self::Int(n);
    u64 => |n| Self::Int(i64::try_from(n).unwrap_or(i64::MAX));
    u32 => |n| Self::Int(i64::from(n));
    bool => |b| Self::Int(i64::from(b));
    Timestamp => |at| Self::Int(at.0);
    MemberId => |id| Self::Int(id.0);
    RunId => |id| Self::Int(id.0);
    ContentId => |id| Self::Int(id.0);
    EntryId => |id| Self::Wide(id.0.to_be_bytes());
    CatalogId => |id| Self::Wide(id.0.to_be_bytes());
    &'a str => |text| Self::Text(text);
    &'a String => |text| Self::Text(text);
    String => |text| Self::Owned(text);
    &'a TenantName => |name| Self::Text(name.as_str());
    &'a [u8] => |bytes| Self::Bytes(bytes);
    &'a Vec<u8> => |bytes| Self::Bytes(bytes);
}

/// The values of one statement, in the order of their numbers.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$(crate::db::Arg::from($value)),*] };
}

/// The word of a state as tables keep it: its serde name.
pub(crate) fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("a state is one word, not {other:?}"),
    }
}

/// JSON text of plain data of ours, which always has one.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|e| unreachable!("plain data is JSON: {e}"))
}

/// Joins two groups of values into one list.
pub(crate) fn args_of<'a, const A: usize, const B: usize>(
    first: [Arg<'a>; A],
    then: [Arg<'a>; B],
) -> Vec<Arg<'a>> {
    first.into_iter().chain(then).collect()
}
