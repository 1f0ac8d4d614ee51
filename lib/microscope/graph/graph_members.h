/* Members of JSON objects, read with messages that say what was expected where. */
#ifndef WG_GRAPH_MEMBERS_H
#define WG_GRAPH_MEMBERS_H

#include <jansson.h>

#include "microscope/graph/graph_memory.h"

/* Where the reader is, for messages: in list[at]; list NULL: in the outermost object. Texts and lists go into the arena. */
struct wg_members {
    struct wg_arena *arena;
    const char *list;
    size_t at;
};

/* Fails with E_ARGUMENT and a message such as
   graph_read_json: nodes[3], "cause": expected a number from 0, below 3, got 7
   got: what stands in the file, or NULL if the key is missing. */
wg_status wg_members_refuse(const struct wg_members *in, const char *key, const json_t *got, const char *expected, ...)
    WG_PRINTF(4, 5);
/* Fails unless it is an object with no key that is not known; known ends with NULL. */
wg_status wg_members_check(const struct wg_members *in, json_t *object, const char *const *known);

/* Each reads the member of that key into *to. One that is missing has the preset. */
wg_status wg_member_text(const struct wg_members *in, const json_t *object, const char *key, const char **to); /* preset "" */
wg_status wg_member_choice(const struct wg_members *in, const json_t *object, const char *key, const char *const *name, size_t n,
                           unsigned *to); /* one of n names; preset: the first */
wg_status wg_member_flag(const struct wg_members *in, const json_t *object, const char *key, bool *to); /* preset false */
wg_status wg_member_number(const struct wg_members *in, const json_t *object, const char *key, size_t preset, size_t limit,
                           size_t *to); /* below the limit */
wg_status wg_member_multiple(const struct wg_members *in, const json_t *object, const char *key,
                             size_t *to); /* at least 1, the preset */
wg_status wg_member_count(const struct wg_members *in, const json_t *object, const char *key, double preset,
                          double *to); /* no less than 0, and no NaN */
/* Numbers below the limit; null stands for WG_GRAPH_NONE where that is allowed. Preset: none. */
wg_status wg_member_list(const struct wg_members *in, const json_t *object, const char *key, size_t limit, bool null,
                         const size_t **to, size_t *n);

bool wg_member_is_below(const json_t *member, size_t limit);
bool wg_member_is_real(const json_t *member, double *to); /* a number, "nan", "inf" or "-inf" */

#endif
