package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

@Timeout(60)
class TeamTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 13})
    void membersMeetAtEveryBarrier(int members) {
        int rounds = 500;
        try (Team team = new Team(members)) {
            AtomicIntegerArray arrived = new AtomicIntegerArray(rounds);
            for (int run = 1; run <= 3; run++) {
                int expected = run * members;
                team.run(member -> {
                    for (int round = 0; round < rounds; round++) {
                        arrived.incrementAndGet(round);
                        team.barrier(member);
                        if (arrived.get(round) != expected) {
                            throw new AssertionError("passed an open barrier");
                        }
                        team.barrier(member);
                    }
                });
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4})
    void theFailureOfAMemberReachesTheCaller(int failing) {
        try (Team team = new Team(5)) {
            for (int run = 0; run < 20; run++) {
                assertThatThrownBy(() ->
                                team.run(member -> {
                                    team.barrier(member);
                                    if (member == failing) {
                                        throw new IllegalArgumentException("mine");
                                    }
                                    team.barrier(member);
                                }))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("mine");
                int[] sum = new int[5];
                team.run(member -> sum[member] = member + 1);
                assertThat(sum).containsExactly(1, 2, 3, 4, 5);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 8})
    void idleMembersPark(int members) {
        Team team = new Team(members);
        Thread[] threads = new Thread[members];
        team.run(member -> threads[member] = Thread.currentThread());
        for (int member = 1; member < members; member++) {
            await(threads[member], Thread.State.WAITING);
        }
        int[] woken = new int[members];
        team.run(member -> woken[member] = 1);
        assertThat(woken).containsOnly(1);
        team.close();
        for (int member = 1; member < members; member++) {
            await(threads[member], Thread.State.TERMINATED);
        }
        assertThatIllegalStateException().isThrownBy(() -> team.run(member -> {}));
    }

    private static void await(Thread thread, Thread.State state) {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (thread.getState() != state && System.nanoTime() < end) {
            LockSupport.parkNanos(1_000_000);
        }
        assertThat(thread.getState()).isEqualTo(state);
        assertThat(thread.isDaemon()).isTrue();
    }
}
