//! Which vector instructions the processor has, and the one place where code that is made for them is called.
//!
//! A [`Kernel`] is plain code. It is compiled once for each instruction set, and every set gives the same bits: kernels use only
//! operations that IEEE 754 or the integers define exactly, in a fixed order, with fused multiply-add where they say so.

use std::sync::OnceLock;

use thiserror::Error;

/// Instructions that a kernel may be compiled for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum InstructionSet {
    /// What every processor of the architecture has. On x86-64 a fused multiply-add is a call there, and slow.
    Baseline,
    /// 256 bits and fused multiply-add.
    Avx2,
    /// 512 bits.
    Avx512,
}

impl InstructionSet {
    /// All of them, narrowest first.
    pub const ALL: [Self; 3] = [Self::Baseline, Self::Avx2, Self::Avx512];
}

/// This processor does not have the instructions.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("this processor does not have the instructions of {0:?}")]
pub struct Unavailable(pub InstructionSet);

/// Instructions that this processor has: there is no other way to one than by asking it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Instructions(InstructionSet);

/// Code that is compiled for each instruction set.
pub trait Kernel {
    /// What it gives.
    type Output;

    /// Runs it. Implementations are `#[inline(always)]`: what is not inlined is not compiled for the set.
    fn run(self) -> Self::Output;
}

impl Instructions {
    /// The widest that there are.
    #[must_use]
    pub fn best() -> Self {
        // A processor does not change.
        static BEST: OnceLock<Instructions> = OnceLock::new();
        *BEST.get_or_init(|| {
            let widest = InstructionSet::ALL.into_iter().rev().find_map(|set| Self::of(set).ok());
            widest.unwrap_or(Self(InstructionSet::Baseline))
        })
    }

    /// Those of one set.
    ///
    /// # Errors
    /// [`Unavailable`] where the processor lacks any of them.
    pub fn of(set: InstructionSet) -> Result<Self, Unavailable> {
        if is_available(set) { Ok(Self(set)) } else { Err(Unavailable(set)) }
    }

    /// Which set they are.
    #[must_use]
    pub const fn set(self) -> InstructionSet {
        self.0
    }

    /// Runs a kernel with them.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            InstructionSet::Baseline => kernel.run(),
            // SAFETY: a value with this set exists only where `is_available` found every feature that the function is
            // compiled for; the functions are plain code otherwise.
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "a vector unit is several times as fast: benches/RESULTS.md")]
            InstructionSet::Avx2 => unsafe { with_avx2(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "a vector unit is several times as fast: benches/RESULTS.md")]
            InstructionSet::Avx512 => unsafe { with_avx512(kernel) },
            #[cfg(not(target_arch = "x86_64"))]
            InstructionSet::Avx2 | InstructionSet::Avx512 => kernel.run(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn is_available(set: InstructionSet) -> bool {
    let avx2 = || is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let avx512 = || {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
    };
    match set {
        InstructionSet::Baseline => true,
        InstructionSet::Avx2 => avx2(),
        InstructionSet::Avx512 => avx2() && avx512(),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn is_available(set: InstructionSet) -> bool {
    set == InstructionSet::Baseline
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512dq,avx512vl,avx512bw")]
fn with_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}
