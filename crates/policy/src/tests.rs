mod answers;
mod problems;
mod reference;
mod sample;
