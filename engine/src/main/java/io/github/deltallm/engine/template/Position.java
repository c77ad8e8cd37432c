package io.github.deltallm.engine.template;

/** A place in a template's source; both count from 1, columns in UTF-16 units. */
record Position(int line, int column) {
    static final Position START = new Position(1, 1);

    @Override
    public String toString() {
        return line + ":" + column;
    }
}
