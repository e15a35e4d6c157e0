//! Evidence into pages, diagrams and tables.
