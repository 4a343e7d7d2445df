//! Two versions of the worker side by side on one Control Plane.
