/* The helper threads of one calling thread. Internal to lib/core/parallel.c and the tests. */
#ifndef WG_TEAM_H
#define WG_TEAM_H

#include <stdbool.h>

#include "core/parallel.h"

struct wg_team;

/* A team for at most that many threads, including the caller. It has fewer helpers, or none, if the system starts no more. NULL:
   no memory. */
struct wg_team *wg_team_new(int threads);
int wg_team_threads(const struct wg_team *team); /* as passed to wg_team_new */
void wg_team_free(struct wg_team *team);         /* ends the helpers; NULL is allowed */

/* Calls body for at most as many parts of 0 .. n as there are threads. Returns when all are done. */
void wg_team_run(struct wg_team *team, int threads, int64_t n, wg_part *body, void *context);

/* When timed, the team notes who did a part of the last region and when. */
struct wg_part_time {
    int64_t begin, end; /* nanoseconds of CLOCK_MONOTONIC */
    int helper;         /* 0: the caller */
};
void wg_team_set_timed(struct wg_team *team, bool timed);
/* The number of parts of the last region; 1 if the caller did it alone, which is not timed. */
int wg_team_parts(const struct wg_team *team);
struct wg_part_time wg_team_part_time(const struct wg_team *team, int part);

/* For tests, the number of regions: shared with helpers; run by the caller alone because sharing had cost time; and, of the
   latter, those in which it woke the helpers for the next region. */
struct wg_team_counts {
    int64_t shared, alone, woke;
};
struct wg_team_counts wg_team_counts(const struct wg_team *team);

#endif
