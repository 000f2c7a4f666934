//! Both databases have the same migrations: same numbers, same names, no gap.

use std::collections::BTreeSet;

use super::verdict;
use crate::{failure::Failure, files, workspace::Workspace};

pub(super) fn check(workspace: &Workspace) -> Result<(), Failure> {
    let names = |folder: &str| -> Result<Vec<String>, Failure> {
        let mut files = files::list(&workspace.path(folder))?;
        files.retain(|file| file.extension().is_some_and(|ending| ending == "sql"));
        Ok(files
            .iter()
            .filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned()))
            .collect())
    };
    verdict("migrations", compare(&names("migrations/sqlite")?, &names("migrations/postgres")?))
}

fn compare(sqlite: &[String], postgres: &[String]) -> Vec<String> {
    let mut violations = Vec::new();
    let (left, right): (BTreeSet<_>, BTreeSet<_>) = (sqlite.iter().collect(), postgres.iter().collect());
    violations.extend(
        left.difference(&right)
            .map(|name| format!("migrations/sqlite/{name} has no twin in migrations/postgres")),
    );
    violations.extend(
        right
            .difference(&left)
            .map(|name| format!("migrations/postgres/{name} has no twin in migrations/sqlite")),
    );

    let mut expected = 1;
    for name in left.union(&right) {
        match name.split_once('_').and_then(|(number, _)| number.parse::<u32>().ok()) {
            Some(number) if number == expected => expected += 1,
            Some(number) => {
                violations.push(format!(
                    "migration {name} has number {number}, expected {expected}: numbers start at 1 and have no gap"
                ));
                expected = number + 1;
            }
            None => violations.push(format!("migration {name} has no number: names are like 0001_what.sql")),
        }
    }
    if left.is_empty() {
        violations.push("migrations/sqlite holds no migration".into());
    }
    violations
}

#[cfg(test)]
mod tests {
    fn compare(sqlite: &[&str], postgres: &[&str]) -> Vec<String> {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        super::compare(&owned(sqlite), &owned(postgres))
    }

    #[test]
    fn the_same_files_agree() {
        assert_eq!(
            compare(&["0001_base.sql", "0002_more.sql"], &["0001_base.sql", "0002_more.sql"]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_missing_twin_a_gap_a_double_number_and_a_name_without_number_are_found() {
        assert!(compare(&["0001_base.sql", "0002_more.sql"], &["0001_base.sql"])[0].contains("0002_more.sql has no twin"));
        assert!(compare(&["0001_a.sql", "0003_b.sql"], &["0001_a.sql", "0003_b.sql"])[0].contains("expected 2"));
        assert!(compare(&["0001_a.sql", "0001_b.sql"], &["0001_a.sql", "0001_b.sql"])[0].contains("expected 2"));
        assert!(compare(&["base.sql"], &["base.sql"])[0].contains("no number"));
        assert!(!compare(&[], &[]).is_empty());
    }
}
