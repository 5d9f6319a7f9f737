//! A picture as pixels, and as a PNG file.

use std::io;
use std::path::Path;

use thiserror::Error;

use crate::models::durable_file;

/// Pixels of each side.
pub const SIDE_PX: usize = 960;

/// Why there is no picture.
#[derive(Debug, Error)]
pub enum PictureError {
    /// Nothing to draw, or rows that do not fit each other.
    #[error("cannot draw the {picture}: {reason}")]
    Content {
        /// What was to be drawn.
        picture: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The file cannot be written.
    #[error("cannot write the picture '{path}': {source}")]
    Write {
        /// Where to.
        path: String,
        /// What the system answered.
        source: io::Error,
    },
}

/// A square picture of 8-bit red, green and blue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Row by row from the top, three bytes a pixel.
    rgb: Vec<u8>,
}

impl Picture {
    /// From [`SIDE_PX`]² pixels of three bytes.
    pub(super) fn from_rgb(rgb: Vec<u8>) -> Self {
        debug_assert_eq!(rgb.len(), 3 * SIDE_PX * SIDE_PX);
        Self { rgb }
    }

    /// Pixels of each side.
    #[must_use]
    pub fn side_px(&self) -> usize {
        SIDE_PX
    }

    /// Red, green and blue of the pixel in column `x` and row `y`, from the upper left corner.
    #[must_use]
    pub fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let at = 3 * (y * SIDE_PX + x);
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// The content of a PNG file.
    #[must_use]
    pub fn png(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, SIDE_PX as u32, SIDE_PX as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        let mut writer = encoder.write_header().expect("a vector takes every byte");
        writer.write_image_data(&self.rgb).expect("as many pixels as the header says");
        drop(writer);
        bytes
    }

    /// Writes a PNG file, replacing one that is there.
    ///
    /// Errors: it cannot be written; an old file is then untouched.
    pub fn write_png(&self, path: &Path) -> Result<(), PictureError> {
        durable_file::replace(path, &self.png())
            .map_err(|source| PictureError::Write { path: path.display().to_string(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_png_holds_the_same_pixels() {
        let rgb: Vec<u8> = (0..3 * SIDE_PX * SIDE_PX).map(|index| (index * 31 / 7) as u8).collect();
        let picture = Picture::from_rgb(rgb.clone());
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("picture.png");
        picture.write_png(&path).unwrap();
        let decoder = png::Decoder::new(io::BufReader::new(std::fs::File::open(&path).unwrap()));
        let mut reader = decoder.read_info().unwrap();
        let mut read = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut read).unwrap();
        assert_eq!((info.width, info.height), (960, 960));
        assert!(read == rgb);
        let missing = picture.write_png(&directory.path().join("none/picture.png")).unwrap_err();
        assert!(missing.to_string().contains("none/picture.png"), "{missing}");
    }
}
