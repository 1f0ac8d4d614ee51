/* Controllers of the environments that are made by hand: from an observation to an action. */
#ifndef RL_HANDS_H
#define RL_HANDS_H

#include <math.h>

static inline double hand_limited(double x)
{
    return fmin(fmax(x, -1), 1);
}

/* Pendulum: pumps energy, and holds it upright by the gain of LQR. */
static inline void hand_swing_up(const double *o, double *action)
{
    const double angle = atan2(o[1], o[0]), speed = o[2];
    const double energy = speed * speed / 6 + 5 * (o[0] - 1); /* 0 upright and at rest */
    const double torque = fabs(angle) < 0.4 && fabs(speed) < 3 ? -(19.693216546763 * angle + 5.262500081365 * speed)
                                                               : (energy < 0 ? 2 : -2) * (speed < 0 ? -1 : 1);
    action[0] = hand_limited(torque / 2);
}

/* Mountain car: pushes as it moves. */
static inline void hand_rock(const double *o, double *action)
{
    action[0] = o[1] < 0 ? -1 : 1;
}

/* Cart and pole: the gain of LQR with Q = I, R = 1, at most 10 of 30 newtons. */
static inline void hand_balance(const double *o, double *action)
{
    const double force = 0.9101264 * o[0] + 2.1324880 * o[1] + 30.5945630 * o[2] + 7.8415054 * o[3];
    action[0] = fmin(fmax(force, -10), 10) / 30;
}

/* Lander: leans against the drift, and sinks the slower the lower it is. */
static inline void hand_land(const double *o, double *action)
{
    const bool down = o[6] > 0 || o[7] > 0;
    const double lean = fmin(fmax(0.5 * o[0] + 0.8 * o[2], -0.35), 0.35), sink = -0.06 - 0.32 * fmin(o[1], 1.2);
    action[0] = hand_limited(down ? -1 : 12 * (sink - o[3]));
    action[1] = hand_limited(down ? 0 : 4 * (o[4] - lean) + 3 * o[5]);
}

/* Puddle world: around the puddles, below or above, then to the corner. */
static inline void hand_go_around(const double *o, double *action)
{
    const bool beside = o[0] < 0.58, under = o[1] < 0.75;
    action[0] = beside && o[1] > 0.27 && o[1] < 0.87 ? 0 : 1;
    action[1] = !beside ? 1 : o[1] > 0.27 && under ? -1 : !under && o[1] < 0.87 ? 1 : 0;
}

#endif
