DROP TABLE rider_links;
