//! Reading JSON whose shape is not known to be right, so that a wrong shape is a fault and not the end of the line.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A value that holds no others, or what stands for one that does and is not wanted.
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Whole(i64),
    Number,
    Text(String),
    List,
    Object,
}

impl Scalar {
    /// What a person calls it.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Whole(_) | Self::Number => "a number",
            Self::Text(_) => "text",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

/// What to do with a value of each shape. Unwanted lists and objects are passed over.
pub(super) trait Shape<'de>: Sized {
    type Out;

    fn scalar(self, found: Scalar) -> Self::Out;

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Out, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.scalar(Scalar::List))
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Out, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.scalar(Scalar::Object))
    }
}

/// Any value as a [`Scalar`].
pub(super) struct AnyScalar;

impl Shape<'_> for AnyScalar {
    type Out = Scalar;

    fn scalar(self, found: Scalar) -> Scalar {
        found
    }
}

/// Reads a value by its shape.
pub(super) struct Shaped<'de, S>(S, PhantomData<&'de ()>);

impl<'de, S: Shape<'de>> Shaped<'de, S> {
    pub(super) const fn new(shape: S) -> Self {
        Self(shape, PhantomData)
    }
}

impl<'de, S: Shape<'de>> DeserializeSeed<'de> for Shaped<'de, S> {
    type Value = S::Out;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Out, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Shape<'de>> Visitor<'de> for Shaped<'de, S> {
    type Value = S::Out;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<S::Out, E> {
        Ok(self.0.scalar(Scalar::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<S::Out, E> {
        Ok(self.0.scalar(Scalar::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<S::Out, E> {
        Ok(self.0.scalar(Scalar::Whole(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<S::Out, E> {
        // Beyond 63 bits every number is equally too large for what it is wanted for.
        Ok(self.0.scalar(Scalar::Whole(i64::try_from(value).unwrap_or(i64::MAX))))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<S::Out, E> {
        Ok(self.0.scalar(Scalar::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<S::Out, E> {
        Ok(self.0.scalar(Scalar::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<S::Out, A::Error> {
        self.0.list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<S::Out, A::Error> {
        self.0.object(object)
    }
}
