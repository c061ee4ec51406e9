//! The database role: SQLite behind HTTP, standing in for a PostgreSQL container.
//!
//! Its data is one file in a given folder, so a task with a fresh folder is a fresh database. It must never
//! keep anything anywhere else, and never leave half a request applied.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::types::{ToSql, ToSqlOutput, Value as SqlValue, ValueRef};
use rusqlite::{Batch, Connection, Statement};
use serde_json::Value;

use crate::sql::{SqlAnswer, SqlFailure, SqlRequest};

/// The data file's name in its folder.
pub const FILE_NAME: &str = "database.sqlite";

/// Opens the database in `folder` and answers `POST /sql` and `GET /health` for it.
///
/// # Errors
/// When the file cannot be opened or is no database.
pub fn router(folder: &Path) -> Result<Router, rusqlite::Error> {
    let connection = Connection::open(folder.join(FILE_NAME))?;
    // Reads the file's header, so that a damaged file is noticed now and not at the first request.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(Router::new()
        .route("/sql", post(sql))
        .route("/health", get(|| async { Json(serde_json::json!({ "status": "ok" })) }))
        .with_state(Arc::new(Mutex::new(connection))))
}

async fn sql(
    State(database): State<Arc<Mutex<Connection>>>,
    Json(request): Json<SqlRequest>,
) -> Result<Json<SqlAnswer>, (StatusCode, Json<SqlFailure>)> {
    let failure = |status, error: String| (status, Json(SqlFailure { error }));
    let outcome = tokio::task::spawn_blocking(move || {
        // A panic while holding the lock rolled its transaction back: the connection is still good.
        let mut connection = database.lock().unwrap_or_else(PoisonError::into_inner);
        execute(&mut connection, &request)
    })
    .await;
    match outcome {
        Ok(Ok(answer)) => Ok(Json(answer)),
        Ok(Err(error)) => Err(failure(StatusCode::BAD_REQUEST, error.to_string())),
        Err(join) => Err(failure(StatusCode::INTERNAL_SERVER_ERROR, join.to_string())),
    }
}

fn execute(connection: &mut Connection, request: &SqlRequest) -> Result<SqlAnswer, rusqlite::Error> {
    let transaction = connection.transaction()?;
    let mut answer = SqlAnswer::default();
    if request.params.is_empty() {
        let mut batch = Batch::new(&transaction, &request.sql);
        while let Some(mut statement) = batch.next()? {
            run(&mut statement, &[], &mut answer)?;
        }
    } else {
        run(&mut transaction.prepare(&request.sql)?, &request.params, &mut answer)?;
    }
    transaction.commit()?;
    Ok(answer)
}

fn run(
    statement: &mut Statement<'_>,
    params: &[Value],
    answer: &mut SqlAnswer,
) -> Result<(), rusqlite::Error> {
    let params = rusqlite::params_from_iter(params.iter().map(Parameter));
    if statement.column_count() == 0 {
        answer.changes += statement.execute(params)? as u64;
        return Ok(());
    }
    answer.columns = statement.column_names().into_iter().map(str::to_owned).collect();
    answer.rows.clear();
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        let values = (0..answer.columns.len()).map(|column| value(row.get_ref(column)?, column));
        answer.rows.push(values.collect::<Result<_, rusqlite::Error>>()?);
    }
    Ok(())
}

fn value(found: ValueRef<'_>, column: usize) -> Result<Value, rusqlite::Error> {
    Ok(match found {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(_) => {
            let kind = found.data_type();
            return Err(rusqlite::Error::InvalidColumnType(column, "raw bytes do not travel".into(), kind));
        }
    })
}

/// A JSON value as a parameter.
struct Parameter<'a>(&'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Owned(SqlValue::Null),
            Value::Bool(flag) => ToSqlOutput::Owned(SqlValue::Integer(i64::from(*flag))),
            Value::Number(number) => ToSqlOutput::Owned(match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => SqlValue::Integer(integer),
                (None, Some(real)) => SqlValue::Real(real),
                (None, None) => return Err(unsupported(self.0)),
            }),
            Value::String(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Array(_) | Value::Object(_) => return Err(unsupported(self.0)),
        })
    }
}

fn unsupported(value: &Value) -> rusqlite::Error {
    let message = format!("{value} cannot be a parameter: send null, a boolean, a number or a string");
    rusqlite::Error::ToSqlConversionFailure(message.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn memory() -> Connection {
        Connection::open_in_memory().unwrap()
    }

    fn ask(connection: &mut Connection, sql: &str, params: &[Value]) -> Result<SqlAnswer, rusqlite::Error> {
        execute(connection, &SqlRequest { sql: sql.to_owned(), params: params.to_vec() })
    }

    #[test]
    fn values_go_in_and_come_out() {
        let mut db = memory();
        ask(&mut db, "CREATE TABLE t (a, b, c, d)", &[]).unwrap();
        let row = [json!(null), json!(7), json!(1.5), json!("x")];
        let inserted = ask(&mut db, "INSERT INTO t VALUES (?1, ?2, ?3, ?4)", &row).unwrap();
        assert_eq!(inserted.changes, 1);
        let read = ask(&mut db, "SELECT a, b, c, d FROM t", &[]).unwrap();
        assert_eq!(read.columns, ["a", "b", "c", "d"]);
        assert_eq!(read.rows, [row.to_vec()]);
    }

    #[test]
    fn a_failing_request_changes_nothing() {
        let mut db = memory();
        ask(&mut db, "CREATE TABLE t (a UNIQUE)", &[]).unwrap();
        ask(&mut db, "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)", &[]).unwrap_err();
        assert!(ask(&mut db, "SELECT * FROM t", &[]).unwrap().rows.is_empty());
    }

    #[test]
    fn structured_parameters_are_refused_with_advice() {
        let error = ask(&mut memory(), "SELECT ?1", &[json!([1])]).unwrap_err();
        assert!(error.to_string().contains("send null"), "{error}");
    }

    #[test]
    fn a_not_null_column_can_be_added_to_an_empty_table_only() {
        // The sandbox's "migration that works on an empty database only" rests on this.
        let mut db = memory();
        let bad = "ALTER TABLE t ADD COLUMN c TEXT NOT NULL";
        ask(&mut db, "CREATE TABLE t (a)", &[]).unwrap();
        ask(&mut db, bad, &[]).unwrap();
        ask(&mut db, "DROP TABLE t; CREATE TABLE t (a); INSERT INTO t VALUES (1)", &[]).unwrap();
        let error = ask(&mut db, bad, &[]).unwrap_err();
        assert!(error.to_string().contains("NOT NULL"), "{error}");
    }
}
