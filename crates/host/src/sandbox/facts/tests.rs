//! What is seen of real files, and of the kernel's tables as text.

mod patterns;
mod places;
mod searches;
mod tables;
