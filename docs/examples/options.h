/* The command line of an example: --NAME VALUE for each option of a list, which ends with an option without a name. Anything else
   ends the program with a list of the options. */
#ifndef EXAMPLE_OPTIONS_H
#define EXAMPLE_OPTIONS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct option {
    const char *name, *help;
    long *number;      /* where a whole number from 0 on goes, or NULL */
    const char **text; /* where a text goes, or NULL */
};

static inline void read_options(char **argv, const struct option *options)
{
    for (char **word = argv + 1; *word; word += 2) {
        const struct option *o = options;
        char *end = NULL;
        while (o->name && strcmp(o->name, *word) != 0)
            o++;
        if (o->name && word[1] && o->text) {
            *o->text = word[1];
            continue;
        }
        const long number = o->name && word[1] ? strtol(word[1], &end, 10) : -1;
        if (number < 0 || end == word[1] || *end) {
            fprintf(stderr, "%s: expected an option and its value, got %s %s\n", argv[0], *word, word[1] ? word[1] : "");
            for (o = options; o->name; o++)
                fprintf(stderr, "  %s %s: %s\n", o->name, o->text ? "TEXT" : "N", o->help);
            exit(2);
        }
        *o->number = number;
    }
}

#endif
