//! What a subsystem is set to: distributions as a scenario writes them, numbers as an episode draws them.

/// Declares a configuration of distributions and the numbers that are drawn from it:
/// `Config => Drawn { field: default, least, greatest; }`.
macro_rules! settings {
    ($(#[$doc:meta])* $config:ident => $drawn:ident {
        $($(#[$field_doc:meta])* $field:ident: $default:expr, $least:expr, $greatest:expr;)*
    }) => {
        $(#[$doc])*
        ///
        /// Every field is a distribution, drawn once an episode.
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $config {
            $($(#[$field_doc])* pub $field: $crate::sim::distribution::Distribution,)*
        }

        impl Default for $config {
            fn default() -> Self {
                #[allow(unused_imports, reason = "not every subsystem has defaults of every kind")]
                use $crate::sim::distribution::Distribution::{Choice, Fixed, LogUniform, Uniform};
                Self { $($field: $default,)* }
            }
        }

        impl $config {
            /// The numbers of an episode.
            pub fn draw(&self, generator: &mut $crate::sim::seeds::Generator) -> $drawn {
                $drawn { $($field: self.$field.sample(generator),)* }
            }

            /// Each fault of the parameters, as (field, what is wrong).
            #[must_use]
            pub fn faults(&self) -> Vec<(&'static str, String)> {
                let mut faults = Vec::new();
                $(if let Some(fault) = self.$field.fault_outside($least, $greatest) {
                    faults.push((stringify!($field), fault));
                })*
                faults
            }
        }

        #[doc = concat!("What an episode drew from a [`", stringify!($config), "`].")]
        #[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $drawn {
            $($(#[$field_doc])* pub $field: f64,)*
        }
    };
}

pub(super) use settings;
