//! What is handed to the people who run Starburst.
