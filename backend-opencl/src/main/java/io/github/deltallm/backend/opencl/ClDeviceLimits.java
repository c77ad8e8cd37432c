package io.github.deltallm.backend.opencl;

/**
 * What a device can do at most.
 *
 * @param cpu whether it is the processor
 * @param unified whether it shares its memory with the processor
 * @param computeUnits number of groups of work items that run at once, at least
 * @param maxGroup work items in a group
 * @param localBytes memory that a group shares
 * @param ownLocal whether that is memory of its own, not a part of the device's, which is no faster
 * @param maxAlloc bytes of one buffer
 * @param globalBytes bytes of all buffers
 * @param baseAlign alignment in bytes that a buffer over memory of the host needs
 * @param roundedDivision whether division and square root can be rounded to nearest
 */
record ClDeviceLimits(
        boolean cpu,
        boolean unified,
        int computeUnits,
        int maxGroup,
        long localBytes,
        boolean ownLocal,
        long maxAlloc,
        long globalBytes,
        long baseAlign,
        boolean roundedDivision) {
    private static final int MAX_COMPUTE_UNITS = 0x1002;
    private static final int MAX_WORK_GROUP_SIZE = 0x1004;
    private static final int MAX_MEM_ALLOC_SIZE = 0x1010;
    private static final int MEM_BASE_ADDR_ALIGN = 0x1019;
    private static final int SINGLE_FP_CONFIG = 0x101B;
    private static final int GLOBAL_MEM_SIZE = 0x101F;
    private static final int LOCAL_MEM_TYPE = 0x1022;
    private static final int LOCAL_MEM_SIZE = 0x1023;
    private static final int HOST_UNIFIED_MEMORY = 0x1035;
    private static final int LOCAL = 1;
    private static final int CORRECTLY_ROUNDED_DIVIDE_SQRT = 1 << 7;

    /** Those of a device of which nothing is known. */
    static final ClDeviceLimits NONE =
            new ClDeviceLimits(false, false, 0, 0, 0, false, 0, 0, 1, false);

    static ClDeviceLimits of(ClInfo info, boolean cpu) {
        return new ClDeviceLimits(
                cpu,
                cpu || info.number(HOST_UNIFIED_MEMORY) != 0,
                (int) info.number(MAX_COMPUTE_UNITS),
                (int) Math.min(1 << 16, info.number(MAX_WORK_GROUP_SIZE)),
                info.number(LOCAL_MEM_SIZE),
                info.number(LOCAL_MEM_TYPE) == LOCAL,
                info.number(MAX_MEM_ALLOC_SIZE),
                info.number(GLOBAL_MEM_SIZE),
                Math.max(1, info.number(MEM_BASE_ADDR_ALIGN) / 8),
                (info.number(SINGLE_FP_CONFIG) & CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0);
    }

    /** The same with buffers of at most so many bytes. */
    ClDeviceLimits withMaxAlloc(long bytes) {
        return new ClDeviceLimits(
                cpu,
                unified,
                computeUnits,
                maxGroup,
                localBytes,
                ownLocal,
                Math.min(maxAlloc, bytes),
                globalBytes,
                baseAlign,
                roundedDivision);
    }

    /** The same of a device that is no processor and has memory of its own, as its groups have. */
    ClDeviceLimits apart() {
        return new ClDeviceLimits(
                false,
                false,
                computeUnits,
                maxGroup,
                localBytes,
                true,
                maxAlloc,
                globalBytes,
                baseAlign,
                roundedDivision);
    }
}
