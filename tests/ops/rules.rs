//! Recording and alerting rules, as promtool reads them.
