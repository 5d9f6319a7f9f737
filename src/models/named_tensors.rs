//! Weights as named tensors of plain numbers, to safetensors and back, in single or half precision.

use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

/// A tensor with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// Name.
    pub name: String,
    /// Shape.
    pub shape: Vec<usize>,
    /// Numbers, the last axis first to move.
    pub data: Vec<f32>,
}

/// How many bits a number has in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32.
    #[default]
    Single,
    /// 16: half the bytes, three digits.
    Half,
}

/// Why tensors could not be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TensorsError {
    /// The bytes are no safetensors file.
    #[error("the weights are no safetensors file: {0}")]
    Damaged(String),
    /// A tensor is not there.
    #[error("the weights have no tensor `{0}`")]
    Missing(String),
    /// A tensor that the network does not have.
    #[error("the weights have a tensor `{0}` that the network does not have")]
    Unexpected(String),
    /// A tensor of another shape.
    #[error("the tensor `{name}` is of shape {found:?}, the network's is {expected:?}")]
    Shape {
        /// Its name.
        name: String,
        /// In the file.
        found: Vec<usize>,
        /// In the network.
        expected: Vec<usize>,
    },
    /// A tensor of numbers that are neither f32 nor f16.
    #[error("the tensor `{name}` holds {found}, expected F32 or F16")]
    Type {
        /// Its name.
        name: String,
        /// What it holds.
        found: String,
    },
    /// A number that is none, or too large for the precision.
    #[error("entry {index} of the tensor `{name}` is {value}")]
    NotFinite {
        /// Its name.
        name: String,
        /// Which.
        index: usize,
        /// The number.
        value: String,
    },
}

/// The bytes of a safetensors file.
///
/// # Errors
/// When a number is not finite in that precision.
pub fn to_safetensors(tensors: &[NamedTensor], precision: Precision) -> Result<Vec<u8>, TensorsError> {
    let (kind, mut contents) = match precision {
        Precision::Single => (Dtype::F32, Vec::with_capacity(tensors.len())),
        Precision::Half => (Dtype::F16, Vec::with_capacity(tensors.len())),
    };
    for tensor in tensors {
        let stored = |value: f32| match precision {
            Precision::Single => value,
            Precision::Half => f16::from_f32(value).to_f32(),
        };
        finite(&tensor.name, tensor.data.iter().map(|value| stored(*value)))?;
        let bytes: Vec<u8> = match precision {
            Precision::Single => tensor.data.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Precision::Half => tensor.data.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect(),
        };
        contents.push(bytes);
    }
    let damaged = |error: safetensors::SafeTensorError| TensorsError::Damaged(error.to_string());
    let views = tensors.iter().zip(&contents).map(|(tensor, bytes)| {
        let view = TensorView::new(kind, tensor.shape.clone(), bytes).map_err(damaged)?;
        Ok((tensor.name.clone(), view))
    });
    let views: Vec<_> = views.collect::<Result<_, TensorsError>>()?;
    safetensors::serialize(views, None).map_err(damaged)
}

/// The tensors of a safetensors file, as f32.
///
/// # Errors
/// When it is none, or holds other numbers than F32 and F16.
pub fn from_safetensors(bytes: &[u8]) -> Result<Vec<NamedTensor>, TensorsError> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| TensorsError::Damaged(error.to_string()))?;
    let tensors = file.iter().map(|(name, view)| {
        let (whole, halves) = (view.data().as_chunks::<4>().0, view.data().as_chunks::<2>().0);
        let data = match view.dtype() {
            Dtype::F32 => whole.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
            Dtype::F16 => halves.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect(),
            other => return Err(TensorsError::Type { name: name.to_owned(), found: format!("{other:?}") }),
        };
        Ok(NamedTensor { name: name.to_owned(), shape: view.shape().to_vec(), data })
    });
    tensors.collect()
}

/// Takes the numbers of the tensor of this name and shape out of `tensors`.
///
/// # Errors
/// When it is not there, of another shape, or not finite.
pub fn tensor_of(tensors: &mut Vec<NamedTensor>, name: &str, shape: &[usize]) -> Result<Vec<f32>, TensorsError> {
    let at = tensors.iter().position(|tensor| tensor.name == name);
    let tensor = tensors.swap_remove(at.ok_or_else(|| TensorsError::Missing(name.to_owned()))?);
    if tensor.shape != shape {
        return Err(TensorsError::Shape { name: tensor.name, found: tensor.shape, expected: shape.to_vec() });
    }
    finite(name, tensor.data.iter().copied())?;
    Ok(tensor.data)
}

/// Whether nothing is left that no one took.
///
/// # Errors
/// With the first that is.
pub fn all_taken(tensors: &[NamedTensor]) -> Result<(), TensorsError> {
    tensors.first().map_or(Ok(()), |tensor| Err(TensorsError::Unexpected(tensor.name.clone())))
}

fn finite(name: &str, mut values: impl Iterator<Item = f32> + Clone) -> Result<(), TensorsError> {
    let all = values.clone();
    match values.position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => {
            let value = all.clone().nth(index).map_or_else(String::new, |value| value.to_string());
            Err(TensorsError::NotFinite { name: name.to_owned(), index, value })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensors() -> Vec<NamedTensor> {
        let data = (0..12).map(|entry| entry as f32 * 0.37 - 2.0).collect();
        let bias = NamedTensor { name: "a.bias".to_owned(), shape: vec![2], data: vec![1e-3, -4.0] };
        vec![bias, NamedTensor { name: "a.weight".to_owned(), shape: vec![3, 4], data }]
    }

    #[test]
    fn single_precision_keeps_every_bit_and_half_three_digits() {
        let mut back =
            from_safetensors(&to_safetensors(&tensors(), Precision::Single).expect("finite")).expect("whole");
        back.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(back, tensors());
        let bytes = to_safetensors(&tensors(), Precision::Half).expect("finite");
        let mut back = from_safetensors(&bytes).expect("whole");
        let weights = tensor_of(&mut back, "a.weight", &[3, 4]).expect("there");
        for (found, expected) in weights.iter().zip(&tensors()[1].data) {
            // Eleven bits of mantissa.
            assert!((found - expected).abs() <= expected.abs() / 2048.0, "{found} against {expected}");
        }
        assert_eq!(all_taken(&back), Err(TensorsError::Unexpected("a.bias".to_owned())));
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let bytes = to_safetensors(&tensors(), Precision::Single).expect("finite");
        let read = |name: &str, shape: &[usize]| {
            tensor_of(&mut from_safetensors(&bytes).expect("whole"), name, shape).expect_err("no such").to_string()
        };
        assert!(read("b", &[2]).contains("no tensor `b`"));
        assert!(read("a.weight", &[4, 3]).contains("of shape [3, 4], the network's is [4, 3]"));
        assert!(matches!(from_safetensors(&bytes[..bytes.len() - 3]), Err(TensorsError::Damaged(_))));
        let mut large = tensors();
        large[0].data[1] = 1e6;
        assert!(to_safetensors(&large, Precision::Single).is_ok());
        let told = to_safetensors(&large, Precision::Half).expect_err("past 65504").to_string();
        assert!(told.contains("entry 1 of the tensor `a.bias` is inf"), "{told}");
    }
}
