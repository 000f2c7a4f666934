//! By which column a table is sorted, in the URL as `sort=errors&dir=desc`.

use std::cmp::Ordering;

use super::Query;

/// A column that a table can be sorted by.
pub trait Column: Copy + PartialEq + Send + Sync + 'static {
    /// The table's own order when the URL says nothing.
    const DEFAULT: Self;
    fn all() -> &'static [Self];
    /// As in the URL.
    fn id(self) -> &'static str;
    /// Numbers start with the largest and stand on the right.
    fn is_number(self) -> bool;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort<C> {
    pub column: C,
    pub descending: bool,
}

impl<C: Column> Sort<C> {
    pub const KEY: &'static str = "sort";
    pub const DIRECTION: &'static str = "dir";

    pub fn from_query(query: &Query) -> Self {
        let column = query
            .get(Self::KEY)
            .and_then(|id| C::all().iter().copied().find(|c| c.id() == id))
            .unwrap_or(C::DEFAULT);
        let descending = match query.get(Self::DIRECTION) {
            Some("desc") => true,
            Some("asc") => false,
            _ => column.is_number(),
        };
        Self { column, descending }
    }

    /// What a click on the head of `column` leads to: a new column in its natural direction, the same one turned round.
    #[must_use]
    pub fn toggled(self, column: C) -> Self {
        let descending = if self.column == column {
            !self.descending
        } else {
            column.is_number()
        };
        Self { column, descending }
    }

    pub fn write(self, query: Query) -> Query {
        query
            .with(Self::KEY, self.column.id())
            .with(Self::DIRECTION, if self.descending { "desc" } else { "asc" })
    }

    pub fn apply(self, ordering: Ordering) -> Ordering {
        if self.descending { ordering.reverse() } else { ordering }
    }
}

/// Compares measured numbers; one that is missing is smaller than every other.
pub fn by_number<T: Into<f64>>(a: Option<T>, b: Option<T>) -> Ordering {
    match (a.map(Into::into), b.map(Into::into)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Test {
        Name,
        Errors,
    }

    impl Column for Test {
        const DEFAULT: Self = Self::Name;
        fn all() -> &'static [Self] {
            &[Self::Name, Self::Errors]
        }
        fn id(self) -> &'static str {
            if self == Self::Name { "name" } else { "errors" }
        }
        fn is_number(self) -> bool {
            self == Self::Errors
        }
    }

    #[test]
    fn numbers_start_with_the_largest_and_a_second_click_turns_round() {
        let sort = Sort::<Test>::from_query(&Query::default());
        assert_eq!((sort.column, sort.descending), (Test::Name, false));
        let by_errors = sort.toggled(Test::Errors);
        assert!(by_errors.descending && !by_errors.toggled(Test::Errors).descending);
        assert_eq!(by_errors.write(Query::default()).href("/pools"), "/pools?dir=desc&sort=errors");
        assert_eq!(Sort::from_query(&by_errors.write(Query::default())), by_errors);
    }

    #[test]
    fn a_missing_number_is_smaller_than_zero_requests() {
        assert_eq!(by_number(None, Some(0.0)), Ordering::Less);
        assert_eq!(by_number::<f64>(None, None), Ordering::Equal);
    }
}
