package uk.ac.manchester.tornado.api.math;

/** Functions of kernels. */
public final class TornadoMath {
    private TornadoMath() {}

    public static float exp(float x) {
        return (float) Math.exp(x);
    }

    public static float sqrt(float x) {
        return (float) Math.sqrt(x);
    }
}
