/* Helper threads of one calling thread, and how it shares work with them. Internal to lib/core/parallel.c and the tests. */
#ifndef WG_TEAM_H
#define WG_TEAM_H

#include <stdbool.h>

#include "core/parallel.h"

struct wg_team;

/* A team for at most that many threads, the caller among them. It has fewer helpers, or none, where the system gives no more; NULL: no
   memory. */
struct wg_team *wg_team_new(int threads);
int wg_team_threads(const struct wg_team *team); /* what it was asked for */
void wg_team_free(struct wg_team *team);         /* NULL is allowed; ends the helpers */

/* body for parts of 0 .. n, as many as threads; returns when all are done. */
void wg_team_run(struct wg_team *team, int threads, int64_t n, wg_part *body, void *context);

/* For tests: how many regions were shared with helpers, how many the caller worked through alone because sharing had cost time, and in how
   many of the latter it woke the helpers for the next. */
struct wg_team_counts {
    int64_t shared, alone, woke;
};
struct wg_team_counts wg_team_counts(const struct wg_team *team);

#endif
