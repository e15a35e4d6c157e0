mod answers;
mod sample;
