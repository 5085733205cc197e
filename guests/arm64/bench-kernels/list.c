// A linked list: find, reverse, merge sort by two keys in turn, remove and insert. Loads that depend on loads.
#include "kernels.h"

enum { NODES = 400 };

struct node {
    struct node *next;
    uint16_t key;
    uint16_t index;
};

static struct node nodes[NODES];

static struct node *reverse(struct node *list)
{
    struct node *done = 0;
    while (list) {
        struct node *next = list->next;
        list->next = done;
        done = list;
        list = next;
    }
    return done;
}

static const struct node *find(const struct node *list, uint16_t key)
{
    while (list && list->key != key) list = list->next;
    return list;
}

static int by_key(const struct node *a, const struct node *b)
{
    return a->key != b->key ? a->key - b->key : a->index - b->index;
}

static int by_index(const struct node *a, const struct node *b)
{
    return a->index - b->index;
}

typedef int compare(const struct node *, const struct node *);

// Bottom-up merge sort: runs of 1, 2, 4, … until one run is the list.
static struct node *sort(struct node *list, compare *order)
{
    for (unsigned size = 1;; size *= 2) {
        struct node *rest = list, **tail = &list;
        unsigned merges = 0;
        while (rest) {
            struct node *left = rest, *right = rest;
            unsigned lefts = 0, rights = size;
            while (lefts < size && right) {
                lefts++;
                right = right->next;
            }
            while (lefts > 0 || (rights > 0 && right)) {
                struct node *take;
                if (lefts > 0 && (rights == 0 || !right || order(left, right) <= 0)) {
                    take = left;
                    left = left->next;
                    lefts--;
                } else {
                    take = right;
                    right = right->next;
                    rights--;
                }
                *tail = take;
                tail = &take->next;
            }
            rest = right;
            merges++;
        }
        *tail = 0;
        if (merges <= 1) return list;
    }
}

uint32_t list_kernel(uint64_t iterations)
{
    uint32_t seed = 0x1234567, sum = 0;
    for (unsigned i = 0; i < NODES; i++) {
        nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : 0;
        nodes[i].index = (uint16_t)i;
    }
    struct node *list = nodes;
    while (iterations--) {
        for (struct node *node = list; node; node = node->next) node->key = (uint16_t)(next_random(&seed) % 1000);
        for (unsigned i = 0; i < 40; i++) {
            const struct node *found = find(list, (uint16_t)(next_random(&seed) % 1000));
            sum = mix(sum, found ? found->index : NODES);
            list = reverse(list);
        }
        list = sort(list, by_key);
        for (const struct node *node = list; node; node = node->next) sum = mix(sum, node->index);
        // Every third node goes to the front.
        for (struct node *node = list; node && node->next; node = node->next) {
            struct node *moved = node->next;
            if (moved->index % 3) continue;
            node->next = moved->next;
            moved->next = list;
            list = moved;
        }
        sum = mix(sum, list->key);
        list = sort(list, by_index);
    }
    return sum;
}
