//! Pictures of classifiers: square, for TensorBoard and as PNG files.

pub mod canvas;
pub mod colours;
pub mod confusion_matrix;
pub mod earliness_curve;
pub mod encodings;
pub mod frame;
pub mod picture;
pub mod principal_plane;
pub mod reliability_diagram;
