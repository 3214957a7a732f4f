-- Books against providers and banks.

SELECT 1;
