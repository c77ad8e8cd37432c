package uk.ac.manchester.tornado.api;

/** The drivers that are there. */
public interface TornadoRuntime {
    int getNumBackends();

    TornadoBackend getBackend(int index);
}
