//! A list of the operator's API: pages of it, or what is new in it.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::client::{Client, ServerArgs};
use super::failure::Failure;
use super::output::{self, Columns, Printer};
use super::signals::Shutdown;

/// The longest page that the API gives.
const MOST: usize = 500;

/// How many of the newest rows are looked at again and again. Rows are not counted in the order in which they come into a
/// list: a send is counted before it is kept, and an event that dies comes late into the list of the dead.
const WINDOW: usize = 100;

/// How often what is new is looked for.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Args, Debug)]
pub(super) struct ListArgs {
    /// Only this account's, by its name in the settings.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Only this person's, by their id.
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// How many, the newest first.
    #[arg(long, value_name = "N", default_value = "50")]
    limit: NonZeroUsize,
    /// Where to go on: what the list before ended with.
    #[arg(long, value_name = "CURSOR", conflicts_with = "follow")]
    after: Option<String>,
    /// One JSON object per line.
    #[arg(long)]
    json: bool,
    /// Oldest first, and then whatever is new, until Ctrl-C.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    server: ServerArgs,
}

impl ListArgs {
    /// Prints the list `what`, narrowed by `more` beside the arguments.
    pub(super) async fn run(
        &self,
        what: &'static str,
        columns: &'static Columns,
        more: &[(&'static str, Option<&str>)],
    ) -> anyhow::Result<()> {
        let own = [("account", self.account.as_deref()), ("person", self.person.as_deref())];
        let given = own.iter().chain(more).filter_map(|(key, value)| Some((*key, (*value)?)));
        let list = List { client: self.server.client()?, what, filter: given.collect() };
        let mut printer = Printer::new(columns, self.json);
        if !self.follow {
            return self.once(&list, &mut printer).await;
        }
        let mut shutdown = Shutdown::listen()?;
        tokio::select! {
            ended = follow(&list, &mut printer, self.limit.get()) => ended,
            () = shutdown.requested() => Ok(()),
        }
    }

    async fn once(&self, list: &List<'_>, printer: &mut Printer) -> anyhow::Result<()> {
        let (mut left, mut after) = (self.limit.get(), self.after.clone());
        while left > 0 {
            let page = list.page(left.min(MOST), after.as_deref()).await?;
            printer.print(page.rows.iter())?;
            left = left.saturating_sub(page.rows.len());
            match page.next {
                Some(next) if !page.rows.is_empty() => after = Some(next),
                _ => return Ok(()),
            }
        }
        output::talk(format_args!("there is more: --after {}", after.unwrap_or_default()));
        Ok(())
    }
}

/// Prints the newest rows, then what is new, until an error.
async fn follow(list: &List<'_>, printer: &mut Printer, first: usize) -> anyhow::Result<()> {
    let mut seen = Seen::default();
    let (rows, is_cut) = list.newest(|rows| rows.len() >= first.max(WINDOW)).await?;
    printer.print(seen.fresh(&rows, is_cut).into_iter().take(first).rev())?;
    loop {
        tokio::time::sleep(PAUSE).await;
        let (rows, is_cut) = list.newest(|rows| rows.iter().any(|row| seen.knows(id(row)))).await?;
        printer.print(seen.fresh(&rows, is_cut).into_iter().rev())?;
    }
}

struct List<'a> {
    client: Client,
    what: &'static str,
    filter: Vec<(&'static str, &'a str)>,
}

/// Rows, newest first, and where the next page starts.
struct Page {
    rows: Vec<Value>,
    next: Option<String>,
}

impl List<'_> {
    async fn page(&self, limit: usize, after: Option<&str>) -> Result<Page, Failure> {
        let limit = limit.to_string();
        let mut query = self.filter.clone();
        query.push(("limit", &limit));
        query.extend(after.map(|after| ("after", after)));
        let mut answer = self.client.get(&[self.what], &query).await?;
        let next = answer["next"].as_str().map(str::to_owned);
        match answer[self.what].take() {
            Value::Array(rows) if rows.iter().all(|row| number(row).is_some()) => Ok(Page { rows, next }),
            _ => Err(self.client.not_an_answer()),
        }
    }

    /// The newest rows until there are `enough`, newest first, and whether there are more behind them.
    async fn newest(&self, enough: impl Fn(&[Value]) -> bool) -> Result<(Vec<Value>, bool), Failure> {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let page = self.page(WINDOW, after.as_deref()).await?;
            rows.extend(page.rows);
            after = page.next;
            if after.is_none() || enough(&rows) {
                return Ok((rows, after.is_some()));
            }
        }
    }
}

/// What was printed, or passed over, of a list that goes on.
#[derive(Default)]
struct Seen {
    ids: BTreeSet<i64>,
    /// Ids below it are old news, whenever they show up.
    floor: i64,
}

impl Seen {
    fn knows(&self, id: i64) -> bool {
        id < self.floor || self.ids.contains(&id)
    }

    /// Those of `rows` that were not seen before. `is_cut` when there are more behind the rows: none of those is new.
    fn fresh<'a>(&mut self, rows: &'a [Value], is_cut: bool) -> Vec<&'a Value> {
        let fresh: Vec<_> = rows.iter().filter(|row| !self.knows(id(row))).collect();
        self.ids.extend(fresh.iter().map(|row| id(row)));
        if let Some(oldest) = rows.last().filter(|_| is_cut) {
            self.floor = self.floor.max(id(oldest));
            self.ids = self.ids.split_off(&self.floor);
        }
        fresh
    }
}

fn id(row: &Value) -> i64 {
    number(row).expect("a page whose rows have no ids is no page")
}

fn number(row: &Value) -> Option<i64> {
    row["id"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_new_is_told_once_however_late_it_comes() {
        let mut seen = Seen::default();
        let mut check = |rows: &[i64], is_cut: bool, expected: &[i64]| {
            let rows: Vec<_> = rows.iter().map(|id| json!({"id": id.to_string()})).collect();
            let fresh: Vec<_> = seen.fresh(&rows, is_cut).into_iter().map(id).collect();
            assert_eq!(fresh, expected);
        };
        check(&[9, 7, 6], true, &[9, 7, 6]);
        // 8 was counted before 9 and kept after it.
        check(&[9, 8, 7], true, &[8]);
        check(&[11, 10, 9], true, &[11, 10]);
        // Rows that left the list let old ones into the window.
        check(&[11, 5, 4], true, &[]);
        check(&[], false, &[]);
        check(&[12, 11, 10], false, &[12]);
    }
}
