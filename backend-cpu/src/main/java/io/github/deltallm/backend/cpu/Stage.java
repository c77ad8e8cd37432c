package io.github.deltallm.backend.cpu;

/**
 * A part of a program that all threads run together; between two stages they wait for each other.
 */
interface Stage {
    void run(Worker worker, StepState step);
}
